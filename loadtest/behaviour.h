#pragma once

// What a scenario does besides publishing: breaks, absences, people who come and go. Driven by the run.

#include <cstdint>
#include <memory>
#include <vector>

#include "loadtest/feed.h"
#include "loadtest/fleet.h"
#include "loadtest/ledger.h"
#include "loadtest/options.h"

namespace parley::loadtest {

// The run, as a behaviour sees it.
class Stage {
 public:
  virtual ~Stage() = default;
  virtual Fleet& fleet() = 0;
  virtual Feed& feed() = 0;
  virtual Ledger& ledger() = 0;
  virtual const Options& options() const = 0;
  virtual const std::vector<PlannedClient>& plan() const = 0;
  // Breaks a client's connection, and does the book-keeping of it.
  virtual void drop(std::uint32_t client) = 0;
  virtual void finish_measuring() = 0;
};

class Behaviour {
 public:
  virtual ~Behaviour() = default;
  // Which clients connect at the beginning.
  virtual bool joins_at_start(std::uint32_t client) const { return client != UINT32_MAX; }
  // The warm-up begins, the measurement begins; by default the feed starts with the warm-up.
  virtual void warm_up(Stage& stage) { stage.feed().start(); }
  virtual void measure(Stage& stage) { static_cast<void>(stage); }
  // About every 10 ms while measuring.
  virtual void tick(Stage& stage, std::int64_t now) {
    static_cast<void>(stage);
    static_cast<void>(now);
  }
  virtual void client_up(Stage& stage, std::uint32_t client) {
    static_cast<void>(stage);
    static_cast<void>(client);
  }
  // The measurement is over: everybody who must be there to receive the rest comes back.
  virtual void drain(Stage& stage) { static_cast<void>(stage); }
  // When everything that is due has come, for scenarios that measure how long that takes; 0 otherwise.
  virtual double recover_s() const { return 0; }
};

std::unique_ptr<Behaviour> make_behaviour(const Options& options);

}  // namespace parley::loadtest
