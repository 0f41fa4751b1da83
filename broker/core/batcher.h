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
  // Once in a while: refuses what waits behind a commit that a store which is away cannot settle now.
  void tick();
  void end_turn() {
    if (!in_flight_ && !queue_.empty()) flush();
  }
  bool idle() const { return !in_flight_ && queue_.empty(); }
  // Whether the last commit failed; true at first.
  bool healthy() const { return healthy_; }

 private:
  void flush();
  void finish(std::vector<Pending> batch, MonoMs began, Result<std::vector<Result<Appended>>> results);

  Store& store_;
  const Clock& clock_;
  LogCounters& counters_;
  BatcherSettings settings_;
  Committed committed_;
  std::deque<Pending> queue_;
  bool in_flight_ = false;
  bool healthy_ = true;
};

}  // namespace parley
