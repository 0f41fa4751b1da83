#pragma once

// What the operating system says about this process.

#include <cstdint>

namespace parley::server {

struct ProcessStats {
  std::uint64_t resident_bytes = 0;
  std::uint64_t open_descriptors = 0;
  std::uint64_t descriptors_max = 0;
  double cpu_seconds = 0;
};
// Reads /proc: some tens of microseconds.
ProcessStats read_process_stats();

// Raises the soft limit on file descriptors to the hard one: a connection is a descriptor. Answers the limit.
std::uint64_t raise_descriptor_limit();

}  // namespace parley::server
