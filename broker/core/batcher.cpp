#include "broker/core/batcher.h"

namespace parley {

void Batcher::submit(Pending pending) {
  if (queue_.size() >= settings_.queue_entries) {
    pending.done({Code::unavailable, "too many entries wait for storage: try again shortly"});
    return;
  }
  if (!store_.available()) {
    pending.done({Code::unavailable, "storage cannot be reached: try again shortly, with the same cid"});
    return;
  }
  queue_.push_back(std::move(pending));
  counters_.queue.set(static_cast<std::int64_t>(queue_.size()));
  if (!in_flight_ && !settings_.turns) flush();
}

void Batcher::tick() {
  const MonoMs now = clock_.mono_ms();
  if (in_flight_ && in_doubt_ == 0 && !store_.available()) in_doubt_ = now;
  counters_.in_doubt.set(in_doubt_ == 0 || given_up_ ? 0 : static_cast<std::int64_t>(batch_.size()));
  if (in_doubt_ == 0) return;
  if (!queue_.empty() && !store_.available()) {
    refuse_waiting({Code::unavailable, "storage cannot be reached: try again shortly, with the same cid"});
  }
  if (!given_up_ && now - in_doubt_ >= settings_.doubt_ms) give_up();
}

void Batcher::give_up() {
  given_up_ = true;
  counters_.in_doubt.set(0);
  counters_.doubts_given_up.add(batch_.size());
  const Error unknown{Code::unavailable,
                      "the outcome is unknown: storage was lost before it answered; publish again with the same cid to learn it"};
  for (Pending& pending : batch_) pending.done(unknown);
}

void Batcher::refuse_waiting(const Error& why) {
  std::deque<Pending> refused;
  refused.swap(queue_);
  counters_.queue.set(0);
  for (Pending& pending : refused) pending.done(why);
}

void Batcher::flush() {
  std::vector<Pending>& batch = batch_;
  batch.clear();
  std::vector<NewEntry> entries;
  std::size_t bytes = 0;
  while (!queue_.empty() && batch.size() < settings_.batch_entries && (batch.empty() || bytes < settings_.batch_bytes)) {
    bytes += queue_.front().entry.body.size() + queue_.front().entry.properties.size();
    entries.push_back(queue_.front().entry);
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  counters_.queue.set(static_cast<std::int64_t>(queue_.size()));
  counters_.batch_entries.record(batch.size());
  in_flight_ = true;
  store_.append(
      std::move(entries), clock_.unix_ms(),
      [this, began = clock_.mono_ms()](Result<std::vector<Result<Appended>>> results) { finish(began, std::move(results)); });
}

void Batcher::finish(MonoMs began, Result<std::vector<Result<Appended>>> results) {
  std::vector<Pending> batch = std::exchange(batch_, {});
  const bool answered = std::exchange(given_up_, false);
  in_doubt_ = 0;
  counters_.in_doubt.set(0);
  counters_.commit_us.record(static_cast<std::uint64_t>(clock_.mono_ms() - began) * 1000);
  counters_.commits.add();
  healthy_ = results.ok();
  if (!results) counters_.failed_commits.add();
  std::vector<Result<Appended>> each =
      results ? std::move(results).value() : std::vector<Result<Appended>>(batch.size(), Result<Appended>(results.error()));
  committed_(batch, each);
  for (std::size_t i = 0; i < batch.size() && !answered; ++i) batch[i].done(std::move(each[i]));
  in_flight_ = false;
  if (!queue_.empty() && !settings_.turns) flush();
}

}  // namespace parley
