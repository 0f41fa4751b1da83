#pragma once

// An executor with a thread of its own: for work that blocks (disk, look-ups) and must stay off the loops.

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "broker/base/executor.h"

namespace parley {

class WorkerThread final : public Executor {
 public:
  // `name` is what debuggers and `top -H` show; at most 15 bytes of it.
  explicit WorkerThread(const std::string& name);
  // Waits for the task that is running; those that still wait are destroyed without being run. Not from a task of its own.
  ~WorkerThread() override;
  WorkerThread(const WorkerThread&) = delete;
  WorkerThread& operator=(const WorkerThread&) = delete;

  // Any thread. Tasks run one after another, in the order in which they were posted. The thread is woken only when it sleeps, and
  // takes all that waits at once.
  void post(UniqueFunction<void()> task) override;

  // Runs everything posted before this call, then ends the thread. Tasks posted later are never run. Not from a task of its own.
  void finish();

 private:
  void loop();
  void end(bool run_waiting);

  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<UniqueFunction<void()>> waiting_;
  bool sleeping_ = false;
  bool ending_ = false;
  bool run_waiting_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace parley
