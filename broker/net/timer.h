#pragma once

// A timer of a loop. For a few per loop: time-outs of connections are swept, not timed one by one.

#include <memory>

#include "broker/base/time.h"
#include "broker/base/unique_function.h"
#include "broker/net/loop.h"

namespace parley::net {

class Timer {
 public:
  explicit Timer(Loop& loop);
  ~Timer();
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  // Calls `expired` once after that many ms (0: in the next turn). Starting again replaces what was started; the callback may do
  // it.
  void once(MonoMs after_ms, UniqueFunction<void()> expired);
  void every(MonoMs period_ms, UniqueFunction<void()> expired);
  void stop();

 private:
  struct Box;
  struct Close {
    void operator()(Box* box) const;
  };
  void start(MonoMs after_ms, MonoMs period_ms, UniqueFunction<void()> expired);
  std::unique_ptr<Box, Close> box_;
  std::shared_ptr<UniqueFunction<void()>> expired_;
};

}  // namespace parley::net
