#pragma once

// Carries answers to the thread of the store's owner; after the store is gone they are dropped.

#include <memory>
#include <vector>

#include "broker/base/executor.h"
#include "storage/sqlite/job.h"

namespace parley::sqlite {

// Copies share one life. Callable from every thread; `end` and what is posted run on the owner's.
class Answers {
 public:
  explicit Answers(Executor& owner) : owner_(&owner), alive_(std::make_shared<bool>(true)) {}

  // One wake-up of the owner for all of them.
  void deliver(std::vector<std::unique_ptr<Job>> jobs, std::optional<Error> failure) const {
    owner_->post([alive = alive_, jobs = std::move(jobs), failure = std::move(failure)] {
      for (const auto& job : jobs) {
        if (!*alive) return;
        job->answer(failure);
      }
    });
  }
  // Destroys them over there, unanswered.
  void drop(std::vector<std::unique_ptr<Job>> jobs) const {
    owner_->post([jobs = std::move(jobs)] {});
  }
  void post(UniqueFunction<void()> task) const {
    owner_->post([alive = alive_, task = std::move(task)]() mutable {
      if (*alive) task();
    });
  }
  void end() { *alive_ = false; }

 private:
  Executor* owner_;
  std::shared_ptr<bool> alive_;
};

}  // namespace parley::sqlite
