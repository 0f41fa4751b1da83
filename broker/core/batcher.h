#pragma once

// Group commit: while one batch is being committed the next one fills, so an idle broker acks after one commit and a busy one
// shares commits.

#include <deque>
#include <functional>

#include "broker/base/time.h"
#include "broker/core/counters.h"
#include "broker/core/log_room.h"

namespace parley {

struct BatcherSettings {
  std::size_t batch_entries = 1024;
  std::size_t batch_bytes = 4U << 20U;
  std::size_t queue_entries = 65536;
  // Whoever drives the log calls end_turn() after every turn of its loop; then all that came in one turn is one batch. Otherwise
  // a batch begins with its first entry.
  bool turns = false;
  MonoMs doubt_ms = 60'000;  // how long publishers wait for a commit whose outcome the store cannot learn
};

// An entry on its way, and after the commit what became of it.
struct Pending {
  LogRoomPtr room;
  NewEntry entry;
  Reply<Appended> done;
};

class Batcher {
 public:
  // Called once per commit with every entry of the batch and its result, in order, before the results are told to the publishers.
  using Committed = std::function<void(std::vector<Pending>& batch, const std::vector<Result<Appended>>& results)>;

  Batcher(Store& store, const Clock& clock, LogCounters& counters, BatcherSettings settings, Committed committed)
      : store_(store), clock_(clock), counters_(counters), settings_(settings), committed_(std::move(committed)) {}

  // Refused with unavailable when the queue is full.
  void submit(Pending pending);
  // Refuses what has not been handed to storage yet.
  void refuse_waiting(const Error& why);
  // Once in a while: refuses what waits behind a commit that a store which is away cannot settle now. When that lasts too long,
  // those whose entries are in it are told that the outcome is unknown; what was committed is still handed on once it is known.
  void tick();
  void end_turn() {
    if (!in_flight_ && !queue_.empty()) flush();
  }
  bool idle() const { return !in_flight_ && queue_.empty(); }
  // Whether the last commit failed; true at first.
  bool healthy() const { return healthy_; }

 private:
  void flush();
  void finish(MonoMs began, Result<std::vector<Result<Appended>>> results);
  void give_up();

  Store& store_;
  const Clock& clock_;
  LogCounters& counters_;
  BatcherSettings settings_;
  Committed committed_;
  std::deque<Pending> queue_;
  std::vector<Pending> batch_;  // in flight
  bool in_flight_ = false;
  bool given_up_ = false;  // the publishers of the batch have had their answers
  MonoMs in_doubt_ = 0;    // since when the store has been away while the batch was in flight; 0: it was not
  bool healthy_ = true;
};

}  // namespace parley
