#pragma once

// Time as numbers that are handed in. Only net/loop asks the operating system what time it is.

#include <cstdint>

namespace parley {

using UnixMs = std::int64_t;  // milliseconds since 1970-01-01 UTC; may be set back by an administrator
using MonoMs = std::int64_t;  // milliseconds of a clock that never goes back; for time-outs and durations

// What the core is given instead of a clock. Both values stand still during one turn of a loop.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UnixMs unix_ms() const = 0;
  virtual MonoMs mono_ms() const = 0;
};

}  // namespace parley
