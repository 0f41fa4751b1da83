#pragma once

// Where work can be sent to. A loop implements it; tests use a queue that is run step by step (tests/fakes/manual_executor.h).

#include "broker/base/unique_function.h"

namespace parley {

class Executor {
 public:
  virtual ~Executor() = default;
  // Runs the task on the executor's own thread, after every task posted before it by the same thread. Callable from any
  // thread. A task still waiting when the executor ends is destroyed without being run.
  virtual void post(UniqueFunction<void()> task) = 0;
};

}  // namespace parley
