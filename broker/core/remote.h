#pragma once

// A call to an object on another thread, answered on this one.

#include <utility>

#include "broker/base/executor.h"
#include "storage/store.h"

namespace parley {

// Copyable; `service` and both executors must outlive every call.
template <typename Service>
class Remote {
 public:
  Remote(Service& service, Executor& there, Executor& here) : service_(&service), there_(&there), here_(&here) {}

  // Runs `work(service, reply)` over there; `done` runs here with what `reply` was called with, in the order of the replies.
  // Both are dropped unrun when an executor ends first.
  template <typename T, typename Work>
  void call(Work work, Reply<T> done) {
    there_->post([service = service_, here = here_, work = std::move(work), done = std::move(done)]() mutable {
      work(*service, Reply<T>([here, done = std::move(done)](Result<T> result) mutable {
        here->post([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
      }));
    });
  }

  // Runs `work(service)` over there, unanswered.
  template <typename Work>
  void tell(Work work) {
    there_->post([service = service_, work = std::move(work)]() mutable { work(*service); });
  }

 private:
  Service* service_;
  Executor* there_;
  Executor* here_;
};

}  // namespace parley
