#include "storage/sqlite/writer.h"

#include <algorithm>
#include <chrono>

#include "storage/sqlite/epoch.h"

namespace parley::sqlite {

Writer::Writer(const SqliteSettings& settings, std::unique_ptr<Connection> connection, std::string epoch,
               Checkpointer& checkpointer, Answers answers)
    : settings_(settings),
      epoch_(std::move(epoch)),
      checkpointer_(checkpointer),
      answers_(std::move(answers)),
      connection_(std::move(connection)),
      heads_(settings.rooms_cached) {
  watch_wal();
}

Writer::~Writer() { (void)finish(); }

std::unique_ptr<Connection> Writer::finish() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  ending_changed_.notify_all();
  thread_.finish();
  return std::move(connection_);
}

void Writer::append(std::vector<NewEntry> batch, UnixMs now, Reply<std::vector<Result<Appended>>> done) {
  submit<std::vector<Result<Appended>>>(
      std::move(done), [this, batch = std::move(batch), now](Connection& connection) -> Result<std::vector<Result<Appended>>> {
        return append_batch(connection, heads_, batch, now, {settings_.entry_bytes_max, careful_});
      });
}

void Writer::enqueue(std::unique_ptr<Job> job) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    wake = waiting_.empty();
    waiting_.push_back(std::move(job));
  }
  if (wake) thread_.post([this] { drain(); });
}

void Writer::drain() {
  Group group;
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    const std::size_t count = std::min<std::size_t>(waiting_.size(), settings_.group_calls_max);
    group.assign(std::move_iterator(waiting_.begin()), std::move_iterator(waiting_.begin() + static_cast<std::ptrdiff_t>(count)));
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(count));
    more = !waiting_.empty();
  }
  if (more) thread_.post([this] { drain(); });
  if (!group.empty()) commit_group(std::move(group));
}

void Writer::commit_group(Group group) {
  Outcome outcome = try_group(group);
  if (outcome.error && Connection::is_data_error(outcome.code) && !careful_) {
    careful_ = true;
    for (auto& job : group) {
      Group alone;
      alone.push_back(std::move(job));
      commit_group(std::move(alone));
    }
    careful_ = false;
    return;
  }
  if (outcome.abandoned) return answers_.drop(std::move(group));
  if (outcome.error && Connection::is_data_error(outcome.code)) outcome.error->code = Code::internal;
  if (outcome.error) {
    trouble_.failed(*outcome.error);
  } else {
    trouble_.succeeded();
  }
  answers_.deliver(std::move(group), std::move(outcome.error));
  if (connection_ != nullptr) checkpointer_.after_commit(*connection_, wal_pages_);
}

Writer::Outcome Writer::try_group(const Group& group) {
  if (connection_ == nullptr) {
    if (auto status = reconnect(); !status.ok()) return {SQLITE_CANTOPEN, status.error(), false};
  }
  Connection& connection = *connection_;
  const std::int64_t changes = sqlite3_total_changes64(connection.handle());
  connection.execute("BEGIN IMMEDIATE");
  for (const auto& job : group) {
    job->run(connection);
    if (connection.failed()) return roll_back();
  }
  if (sqlite3_total_changes64(connection.handle()) == changes) {  // questions, repeats and refusals only: nothing to commit
    heads_.rolled_back();
    connection.execute("ROLLBACK");
    return connection.failed() ? roll_back() : Outcome{};
  }
  writes_ = -1;
  if (!heads_.moved()) count_write();
  if (connection.failed()) return roll_back();
  if (!connection.execute("COMMIT")) return settle();
  heads_.committed();
  return {};
}

// Before COMMIT was tried: nothing of it can have been committed.
Writer::Outcome Writer::roll_back() {
  Outcome outcome{connection_->error_code(), describe_failure(*connection_, settings_.path), false};
  heads_.rolled_back();
  connection_->clear_error();
  // Some failures have rolled back already; then ROLLBACK is an error that means nothing.
  if (sqlite3_get_autocommit(connection_->handle()) == 0) connection_->execute("ROLLBACK");
  if (connection_->failed() || !Connection::is_passing(outcome.code)) connection_.reset();
  return outcome;
}

// After COMMIT failed: either all of it is committed or nothing.
Writer::Outcome Writer::settle() {
  Outcome outcome{connection_->error_code(), describe_failure(*connection_, settings_.path), false};
  connection_->clear_error();
  if (sqlite3_get_autocommit(connection_->handle()) == 0) connection_->execute("ROLLBACK");
  connection_.reset();
  for (;;) {
    if (reconnect().ok()) {
      const bool committed = landed();
      if (!connection_->failed()) {
        committed ? heads_.committed() : heads_.rolled_back();
        return committed ? Outcome{} : outcome;
      }
      connection_.reset();
    }
    trouble_.failed({Code::unavailable, outcome.error->message + "; the outcome of the last commit is not known yet"});
    std::unique_lock lock(mutex_);
    if (ending_changed_.wait_for(lock, std::chrono::milliseconds(settings_.settle_wait_ms), [this] { return ending_; })) {
      heads_.rolled_back();
      outcome.abandoned = true;
      return outcome;
    }
  }
}

bool Writer::landed() {
  if (writes_ < 0) return heads_.landed(*connection_);
  return connection_->pragma("SELECT count FROM writes") == writes_;
}

// Leaves a trace by which landed() knows a transaction that moved no head.
void Writer::count_write() {
  Query(*connection_, "UPDATE writes SET count=count+1").run();
  writes_ = connection_->pragma("SELECT count FROM writes");
}

Status Writer::reconnect() {
  auto opened = Connection::open(settings_, Access::write);
  if (!opened.ok()) return opened.error();
  const std::string epoch = stored_epoch(**opened);
  if ((*opened)->failed()) return describe_failure(**opened, settings_.path);
  if (epoch != epoch_)
    return {Code::unavailable, "the database " + settings_.path + " was replaced while in use: restart parley"};
  connection_ = std::move(*opened);
  watch_wal();
  return ok_status();
}

void Writer::watch_wal() {
  const auto hook = [](void* self, sqlite3* /*handle*/, const char* /*name*/, int pages) {
    static_cast<Writer*>(self)->wal_pages_ = pages;
    return SQLITE_OK;
  };
  sqlite3_wal_hook(connection_->handle(), hook, this);
}

}  // namespace parley::sqlite
