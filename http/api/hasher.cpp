#include "http/api/hasher.h"

#include <sodium.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "broker/base/log.h"

namespace parley::api {

ExecutorPool::ExecutorPool(Executor& home, std::vector<Executor*> workers)
    : home_(home),
      workers_(std::move(workers)),
      waiting_(std::make_shared<std::vector<std::size_t>>(workers_.size(), std::size_t{0})) {}

void ExecutorPool::run(UniqueFunction<void()> work, UniqueFunction<void()> done) {
  const auto least = std::min_element(waiting_->begin(), waiting_->end());
  const auto index = static_cast<std::size_t>(least - waiting_->begin());
  ++*least;
  workers_[index]->post([home = &home_, waiting = waiting_, index, work = std::move(work), done = std::move(done)]() mutable {
    work();
    home->post([waiting = std::move(waiting), index, done = std::move(done)]() mutable {
      --(*waiting)[index];
      done();
    });
  });
}

Hasher::Hasher(Pool& pool, HasherSettings settings) : pool_(pool), settings_(settings) {
  Result<std::string> dummy = hash_password("nobody has this password", settings_.cost);
  if (dummy) {
    dummy_ = std::move(dummy).value();
  } else {
    log::warn("no password can be hashed", {{"reason", dummy.error().message}});
  }
}

template <typename T, typename Work>
void Hasher::submit(Work work, Reply<T> done) {
  if (counts_->waiting >= settings_.waiting_max) {
    ++counts_->refused;
    done({Code::rate_limited, "too many logins at once; try again in a moment"});
    return;
  }
  ++counts_->waiting;
  auto answer = std::make_shared<std::optional<Result<T>>>();
  pool_.run([work = std::move(work), answer]() mutable { answer->emplace(work()); },
            [counts = counts_, answer, done = std::move(done)]() mutable {
              --counts->waiting;
              done(std::move(**answer));
            });
}

void Hasher::hash(std::string password, Reply<std::string> done) {
  submit<std::string>(
      [password = std::move(password), cost = settings_.cost]() mutable {
        Result<std::string> hash = hash_password(password, cost);
        sodium_memzero(password.data(), password.size());
        return hash;
      },
      std::move(done));
}

void Hasher::verify(std::string hash, std::string password, Reply<bool> done) {
  const bool known = !hash.empty();
  submit<bool>(
      [hash = known ? std::move(hash) : dummy_, password = std::move(password), known]() mutable {
        const bool matches = verify_password(hash, password);
        sodium_memzero(password.data(), password.size());
        return Result<bool>(matches && known);
      },
      std::move(done));
}

}  // namespace parley::api
