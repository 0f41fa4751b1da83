#pragma once

#include <deque>

#include "broker/base/executor.h"

namespace parley::fakes {

// An executor without a thread: tasks wait until the test runs them.
class ManualExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> task) override { tasks_.push_back(std::move(task)); }

  // Runs the oldest task; false when none waits.
  bool step() {
    if (tasks_.empty()) return false;
    UniqueFunction<void()> task = std::move(tasks_.front());
    tasks_.pop_front();
    task();
    return true;
  }
  std::size_t run() {
    std::size_t count = 0;
    while (step()) ++count;
    return count;
  }
  std::size_t waiting() const { return tasks_.size(); }

 private:
  std::deque<UniqueFunction<void()>> tasks_;
};

}  // namespace parley::fakes
