#include "loadtest/processes.h"

#include <unistd.h>

#include <ctime>
#include <fstream>
#include <sstream>
#include <string>

namespace parley::loadtest {

ProcessUse use_of(int pid) {
  ProcessUse use;
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return use;
  // proc(5): fields 14 and 15 are user and system time in ticks, 24 the resident pages; the name in field 2 may hold anything.
  std::istringstream fields(line.substr(std::min(line.rfind(')') + 1, line.size())));
  std::string word;
  for (int field = 3; fields >> word; ++field) {
    if (field == 14 || field == 15) use.cpu_s += std::stod(word) / static_cast<double>(sysconf(_SC_CLK_TCK));
    if (field == 24) use.rss = std::stoull(word) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  }
  return use;
}

ProcessUse use_of(const std::vector<int>& pids) {
  ProcessUse sum;
  for (const int pid : pids) {
    const ProcessUse use = use_of(pid);
    sum.cpu_s += use.cpu_s;
    sum.rss += use.rss;
  }
  return sum;
}

double own_cpu_s() {
  timespec used{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) / 1e9;
}

}  // namespace parley::loadtest
