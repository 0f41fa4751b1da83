#pragma once

// Password hashing off the loops, with a bound on what waits.

#include <memory>
#include <string>
#include <vector>

#include "broker/base/executor.h"
#include "broker/base/result.h"
#include "broker/base/unique_function.h"
#include "http/api/passwords.h"
#include "storage/store.h"

namespace parley::api {

// Where blocking work goes. Implemented by the server over its threads, by ExecutorPool below, and in tests.
class Pool {
 public:
  virtual ~Pool() = default;
  // Runs `work` on a thread of its own, then `done` on the thread that called. Both are dropped unrun when the pool ends first.
  virtual void run(UniqueFunction<void()> work, UniqueFunction<void()> done) = 0;
};

// A pool over executors that may block (WorkerThread); each job goes to the one with the fewest waiting. Belongs to the thread of
// `home`; executors outlive it.
class ExecutorPool final : public Pool {
 public:
  ExecutorPool(Executor& home, std::vector<Executor*> workers);
  void run(UniqueFunction<void()> work, UniqueFunction<void()> done) override;

 private:
  Executor& home_;
  std::vector<Executor*> workers_;
  std::shared_ptr<std::vector<std::size_t>> waiting_;  // per worker; shared with jobs, which may end after the pool
};

struct HasherSettings {
  HashCost cost = HashCost::interactive;
  std::size_t waiting_max = 64;  // jobs waiting or under way; more are refused
};

// Belongs to one thread, the one that its pool answers on. Callbacks run there, later; a refusal because
// too many wait comes inside the call.
class Hasher {
 public:
  // Makes the hash that unknown users are verified against, so it blocks as long as one hash: at start only.
  Hasher(Pool& pool, HasherSettings settings);

  // rate_limited when too many wait, unavailable when memory is short.
  void hash(std::string password, Reply<std::string> done);
  // Whether the password is the hash's. An empty hash (no such user) takes the same time and answers false. rate_limited.
  void verify(std::string hash, std::string password, Reply<bool> done);

  // Jobs waiting or under way; jobs refused since the start.
  std::size_t waiting() const { return counts_->waiting; }
  std::uint64_t refused() const { return counts_->refused; }

 private:
  struct Counts {
    std::size_t waiting = 0;
    std::uint64_t refused = 0;
  };
  template <typename T, typename Work>
  void submit(Work work, Reply<T> done);

  Pool& pool_;
  HasherSettings settings_;
  std::string dummy_;
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace parley::api
