#pragma once

// CPU time and resident memory of processes, from /proc (Linux).

#include <cstdint>
#include <vector>

namespace parley::loadtest {

struct ProcessUse {
  double cpu_s = 0;  // user and system, since they began; to 10 ms
  std::uint64_t rss = 0;
};
// Of one; zero when it is gone.
ProcessUse use_of(int pid);
// Their sum.
ProcessUse use_of(const std::vector<int>& pids);
// CPU time of this very process.
double own_cpu_s();

}  // namespace parley::loadtest
