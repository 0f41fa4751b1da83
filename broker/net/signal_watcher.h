#pragma once

// POSIX signals as events of a loop.

#include <memory>

#include "broker/base/unique_function.h"
#include "broker/net/loop.h"

namespace parley::net {

class SignalWatcher {
 public:
  // Calls `arrived` on the loop for every such signal that the process receives (several may be merged into one).
  SignalWatcher(Loop& loop, int signal_number, UniqueFunction<void()> arrived);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  struct Box;
  struct Close {
    void operator()(Box* box) const;
  };
  std::unique_ptr<Box, Close> box_;
  UniqueFunction<void()> arrived_;
};

// Writing to a connection that the peer closed is an error value, not a signal. Called once at start-up.
void ignore_broken_pipes();

}  // namespace parley::net
