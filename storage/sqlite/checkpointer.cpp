#include "storage/sqlite/checkpointer.h"

namespace parley::sqlite {

namespace {
// How long the writer waits for readers that still need the old part of the WAL.
constexpr int restart_wait_ms = 100;
}  // namespace

void Checkpointer::after_commit(Connection& writer, int pages) {
  if (state_ == State::behind) {
    complete(writer);
    state_ = State::idle;
  } else if (state_ == State::idle && pages >= static_cast<int>(settings_.checkpoint_pages)) {
    state_ = State::running;
    thread_.post([this] { checkpoint(); });
  }
}

void Checkpointer::finish() {
  thread_.finish();
  connection_.reset();
}

// A failure shows at the next PASSIVE checkpoint.
void Checkpointer::complete(Connection& writer) const {
  sqlite3_busy_timeout(writer.handle(), restart_wait_ms);
  sqlite3_wal_checkpoint_v2(writer.handle(), nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  sqlite3_busy_timeout(writer.handle(), static_cast<int>(settings_.busy_timeout_ms));
}

void Checkpointer::checkpoint() {
  State next = State::idle;
  if (connection_ == nullptr) {
    auto opened = Connection::open(settings_, Access::write);
    if (opened.ok()) {
      connection_ = std::move(*opened);
    } else {
      trouble_.failed(opened.error());
    }
  }
  if (connection_ != nullptr) {
    int pages = 0;
    const int code = sqlite3_wal_checkpoint_v2(connection_->handle(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, nullptr);
    if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) {  // busy: another process checkpoints
      trouble_.succeeded();
      if (pages > static_cast<int>(settings_.wal_pages_max)) next = State::behind;
    } else {
      connection_->fail(code);
      trouble_.failed(describe_failure(*connection_, settings_.path));
      connection_.reset();
    }
  }
  state_ = next;
}

}  // namespace parley::sqlite
