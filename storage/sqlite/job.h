#pragma once

// A call on its way: done on a thread of the store, answered on its owner's.

#include <optional>
#include <utility>

#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace parley::sqlite {

class Job {
 public:
  virtual ~Job() = default;
  // The work, inside a transaction. Runs again when the transaction had to be repeated.
  virtual void run(Connection& connection) = 0;
  // On the owner's thread, once: with what run() found, or with what made the transaction fail.
  virtual void answer(const std::optional<Error>& failure) = 0;
};

template <typename T, typename Work>
class TypedJob final : public Job {
 public:
  TypedJob(Reply<T> done, Work work) : done_(std::move(done)), work_(std::move(work)) {}
  void run(Connection& connection) override { result_ = work_(connection); }
  void answer(const std::optional<Error>& failure) override { done_(failure ? Result<T>(*failure) : std::move(*result_)); }

 private:
  Reply<T> done_;
  Work work_;
  std::optional<Result<T>> result_;
};

template <typename T, typename Work>
std::unique_ptr<Job> make_job(Reply<T> done, Work work) {
  return std::make_unique<TypedJob<T, Work>>(std::move(done), std::move(work));
}

}  // namespace parley::sqlite
