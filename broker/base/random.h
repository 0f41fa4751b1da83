#pragma once

// Randomness that is handed in, so that a test is the same every time.

#include <cstdint>
#include <string>

namespace parley {

class Random {
 public:
  virtual ~Random() = default;
  // Uniform over all 64-bit values.
  virtual std::uint64_t next() = 0;

  // `length` characters out of a-z and 2-7 (5 bits each): for ids. Unguessable when the source is.
  std::string id(unsigned length);
};

}  // namespace parley
