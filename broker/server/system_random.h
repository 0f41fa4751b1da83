#pragma once

// Randomness of the operating system: unguessable.

#include <array>
#include <cstddef>

#include "broker/base/random.h"

namespace parley::server {

// One per thread. Reads getrandom(2) a block at a time.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;

 private:
  std::array<std::uint64_t, 32> block_{};
  std::size_t left_ = 0;
};

}  // namespace parley::server
