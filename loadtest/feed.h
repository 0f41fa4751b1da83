#pragma once

// When messages are published. Closed loop: each stream keeps a number of messages in flight, one being in flight until every
// subscriber has it (and the broker has acknowledged it, where it does). Open loop: at fixed times, whatever the broker does; a
// message that had to wait counts from the time it was meant to be sent, so a stall is not left out of the figures.
//
// Threads: the loop's.

#include <memory>
#include <vector>

#include "broker/net/listen_socket.h"
#include "broker/net/poll.h"
#include "loadtest/fleet.h"
#include "loadtest/ledger.h"

namespace parley::loadtest {

class Feed {
 public:
  Feed(net::Loop& loop, const Options& options, Ledger& ledger, Fleet& fleet, const std::vector<PlannedClient>& plan);

  void start();
  // Publishes nothing more.
  void stop();
  bool running() const { return running_; }
  // How many are published before it stops by itself; 0: no limit.
  void limit(std::uint64_t messages) {
    left_ = messages;
    limited_ = messages != 0;
  }
  // Credits come back with acknowledgements alone: nobody is there to receive.
  void ignore_deliveries(bool ignore) { ignore_deliveries_ = ignore; }

  // One message of the stream, now.
  void publish_one(Ledger::StreamId stream, std::int64_t sent_ns);

  // ---- what came of it
  void delivered(Ledger::StreamId stream, std::uint32_t count = 1);
  void acked(Ledger::StreamId stream);
  void refused(Ledger::StreamId stream);
  // Nobody waits for what the stream has under way.
  void forgive(Ledger::StreamId stream);
  void client_up(std::uint32_t client);
  // Every few milliseconds: what neither an answer nor a delivery moves goes on.
  void tick();

 private:
  struct State {
    std::uint32_t client = 0;
    std::uint32_t published = 0;
    std::uint32_t delivered = 0;
    std::uint32_t acked = 0;
  };
  void fill(Ledger::StreamId stream);
  void pace();
  void arm();

  const Options& options_;
  Ledger& ledger_;
  Fleet& fleet_;
  std::vector<State> streams_;
  std::vector<Ledger::StreamId> order_;  // open loop: rooms take turns
  net::Descriptor timer_fd_;
  std::unique_ptr<net::Poll> poll_;
  std::int64_t began_ns_ = 0;
  std::uint64_t paced_ = 0;
  std::uint64_t left_ = 0;
  bool limited_ = false;
  bool running_ = false;
  bool ignore_deliveries_ = false;
  bool unheard_ = false;  // some stream has neither answers nor receivers
  bool acknowledged_;
};

}  // namespace parley::loadtest
