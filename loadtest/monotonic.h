#pragma once

// The clock of the measurements: one for all processes of a machine, so that their reports can be merged.

#include <cstdint>
#include <ctime>

namespace parley::loadtest {

// CLOCK_MONOTONIC in ns.
inline std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

}  // namespace parley::loadtest
