#pragma once

// An executor for tests with real threads: the test's thread runs what others post, while it waits for something. For a store
// that lives on a loop it is that loop's thread.

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>

#include "broker/base/executor.h"
#include "broker/net/loop.h"
#include "broker/net/timer.h"

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

  // From now on the loop is what is run.
  void drive(net::Loop& loop) { loop_ = &loop; }

  // Runs tasks until `done` holds; false when it does not within the time.
  template <typename Predicate>
  bool run_until(Predicate done, std::chrono::milliseconds limit = std::chrono::seconds(60)) {
    if (loop_ != nullptr) return run_loop_until(std::move(done), limit);
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
    if (loop_ != nullptr) {
      loop_->post([this] { loop_->stop(); });
      loop_->run();
      return;
    }
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
  template <typename Predicate>
  bool run_loop_until(Predicate done, std::chrono::milliseconds limit) {
    bool held = done();
    if (held) return true;
    net::Timer end(*loop_);
    end.once(limit.count(), [this] { loop_->stop(); });
    const auto hook = loop_->at_turn_end([this, &done, &held] {
      if (!done()) return;
      held = true;
      loop_->stop();
    });
    loop_->run();
    loop_->remove_turn_end(hook);
    return held;
  }

  net::Loop* loop_ = nullptr;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<UniqueFunction<void()>> tasks_;
};

}  // namespace parley::contract
