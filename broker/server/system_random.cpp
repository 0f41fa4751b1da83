#include "broker/server/system_random.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "broker/base/log.h"

namespace parley::server {

std::uint64_t SystemRandom::next() {
  if (left_ == 0) {
    // Up to 256 bytes come whole or not at all.
    ssize_t got = 0;
    do {
      got = ::getrandom(block_.data(), sizeof block_, 0);
    } while (got < 0 && errno == EINTR);
    if (got != static_cast<ssize_t>(sizeof block_)) {
      log::error("the system gives no random numbers; going on would make guessable secrets");
      std::abort();
    }
    left_ = block_.size();
  }
  return std::exchange(block_[--left_], 0);
}

}  // namespace parley::server
