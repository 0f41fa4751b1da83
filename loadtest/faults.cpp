#include "loadtest/faults.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>

namespace parley::loadtest {

Faults::~Faults() {
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    if (states_[i].stopped) ::kill(faults_[i].pid, SIGCONT);
  }
}

std::string Faults::tick(double at_s) {
  std::string said;
  const auto send = [&said](int pid, int number, std::string_view name) {
    const bool good = ::kill(pid, number) == 0;
    said += std::string(said.empty() ? "" : ", ") + std::string(name) + " " + std::to_string(pid) +
            (good ? "" : std::string(" failed: ") + std::strerror(errno));
    return good;
  };
  for (std::size_t i = 0; i < faults_.size(); ++i) {
    const Fault& fault = faults_[i];
    State& state = states_[i];
    if (!state.done && at_s >= fault.at_s) {
      state.done = true;
      const bool good = send(fault.pid, fault.kill ? SIGKILL : SIGSTOP, fault.kill ? "killed" : "stopped");
      state.stopped = good && !fault.kill;
    } else if (state.stopped && at_s >= fault.at_s + fault.for_s) {
      state.stopped = false;
      send(fault.pid, SIGCONT, "continued");
    }
  }
  return said;
}

bool Faults::pending() const {
  return std::any_of(states_.begin(), states_.end(), [](const State& state) { return !state.done || state.stopped; });
}

}  // namespace parley::loadtest
