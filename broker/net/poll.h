#pragma once

// Readiness of a descriptor that somebody else's library reads and writes (libpq, hiredis).

#include <memory>

#include "broker/base/unique_function.h"
#include "broker/net/loop.h"

namespace parley::net {

class Poll {
 public:
  struct Ready {
    bool readable = false;
    bool writable = false;
    int error = 0;  // not 0: an errno of the poll itself; the descriptor is to be given up
  };
  // The descriptor stays its owner's: the Poll must be destroyed before it is closed.
  Poll(Loop& loop, int fd, UniqueFunction<void(Ready)> ready);
  ~Poll();
  Poll(const Poll&) = delete;
  Poll& operator=(const Poll&) = delete;

  // Which events are wanted from now on (level-triggered); neither stops it.
  void want(bool readable, bool writable);

 private:
  struct Box;
  struct Close {
    void operator()(Box* box) const;
  };
  std::unique_ptr<Box, Close> box_;
  std::shared_ptr<UniqueFunction<void(Ready)>> ready_;
};

}  // namespace parley::net
