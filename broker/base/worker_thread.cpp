#include "broker/base/worker_thread.h"

#include <pthread.h>

#include <cassert>

namespace parley {

WorkerThread::WorkerThread(const std::string& name)
    : thread_([this, name = name.substr(0, 15)] {
        pthread_setname_np(pthread_self(), name.c_str());
        loop();
      }) {}

WorkerThread::~WorkerThread() { end(false); }

void WorkerThread::finish() { end(true); }

void WorkerThread::end(bool run_waiting) {
  assert(std::this_thread::get_id() != thread_.get_id());
  {
    const std::lock_guard lock(mutex_);
    if (!ending_) run_waiting_ = run_waiting;
    ending_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void WorkerThread::post(UniqueFunction<void()> task) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (ending_) return;  // the caller's task is destroyed after the lock is released
    waiting_.push_back(std::move(task));
    wake = sleeping_;
    sleeping_ = false;
  }
  if (wake) wake_.notify_one();
}

void WorkerThread::loop() {
  std::vector<UniqueFunction<void()>> batch;
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      while (waiting_.empty() && !ending_) {
        sleeping_ = true;
        wake_.wait(lock);
      }
      sleeping_ = false;
      if (ending_ && (!run_waiting_ || waiting_.empty())) break;
      batch.swap(waiting_);
    }
    for (auto& task : batch) {
      {
        const std::lock_guard lock(mutex_);
        if (ending_ && !run_waiting_) break;
      }
      task();
      task = nullptr;  // what it owns goes now, not with the whole batch
    }
    batch.clear();
  }
  std::vector<UniqueFunction<void()>> unrun;
  const std::lock_guard lock(mutex_);
  unrun.swap(waiting_);
}

}  // namespace parley
