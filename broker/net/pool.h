#pragma once

// Work that would block a loop (password hashing, file reads, name look-ups), done on libuv's thread pool.

#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "broker/base/unique_function.h"
#include "broker/net/loop.h"

namespace parley::net {

// Stands for one job under way. Dropping it forgets the answer: `done` is not called. The job and what it captured live on until
// it has ended.
class Job {
 public:
  Job() = default;
  Job(Job&&) noexcept = default;
  Job& operator=(Job&& other) noexcept;
  ~Job();

  // Lets the job finish and answer without a token.
  void detach() { wanted_.reset(); }

 private:
  friend Job start_job(Loop& loop, UniqueFunction<void()> work, UniqueFunction<void()> done);
  std::shared_ptr<bool> wanted_;
};

// Runs `work` on a pool thread, then `done` on the loop's.
[[nodiscard]] Job start_job(Loop& loop, UniqueFunction<void()> work, UniqueFunction<void()> done);

// The same for work with a result: done(work()).
template <typename Work, typename Done>
[[nodiscard]] Job start_job_for(Loop& loop, Work work, Done done) {
  using Answer = std::invoke_result_t<Work&>;
  auto answer = std::make_shared<std::optional<Answer>>();
  return start_job(
      loop, [answer, work = std::move(work)]() mutable { answer->emplace(work()); },
      [answer, done = std::move(done)]() mutable { done(std::move(**answer)); });
}

}  // namespace parley::net
