#pragma once

// An executor for tests with real threads: the test's thread runs what others post, while it waits for something.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "broker/base/executor.h"

namespace parley::contract {

class PumpExecutor final : public Executor {
 public:
  void post(UniqueFunction<void()> task) override {
    {
      const std::lock_guard lock(mutex_);
      tasks_.push_back(std::move(task));
    }
    wake_.notify_one();
  }

  // Runs tasks until `done` holds; false when it does not within the time.
  template <typename Predicate>
  bool run_until(Predicate done, std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!done()) {
      UniqueFunction<void()> task;
      {
        std::unique_lock lock(mutex_);
        if (!wake_.wait_until(lock, end, [this] { return !tasks_.empty(); })) return false;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
    return true;
  }
  // Runs what waits now.
  void run() {
    for (;;) {
      UniqueFunction<void()> task;
      {
        const std::lock_guard lock(mutex_);
        if (tasks_.empty()) return;
        task = std::move(tasks_.front());
        tasks_.pop_front();
      }
      task();
    }
  }

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<UniqueFunction<void()>> tasks_;
};

}  // namespace parley::contract
