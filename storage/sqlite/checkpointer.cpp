#include "storage/sqlite/checkpointer.h"

#include "storage/sqlite/schema.h"

namespace parley::sqlite {

namespace {
// How long a RESTART may make the writer wait for readers.
constexpr unsigned restart_wait_ms = 100;
}  // namespace

void Checkpointer::wal_grew(int pages) {
  if (pages < static_cast<int>(settings_.checkpoint_pages) || under_way_.exchange(true)) return;
  thread_.post([this] {
    checkpoint();
    under_way_ = false;
  });
}

void Checkpointer::finish() {
  thread_.finish();
  connection_.reset();
}

void Checkpointer::checkpoint() {
  if (connection_ == nullptr) {
    SqliteSettings settings = settings_;
    settings.busy_timeout_ms = restart_wait_ms;
    auto opened = Connection::open(settings, Access::write);
    if (!opened.ok()) return trouble_.failed(opened.error());
    connection_ = std::move(*opened);
  }
  sqlite3* handle = connection_->handle();
  int pages = 0;
  int code = sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_PASSIVE, &pages, nullptr);
  if (code == SQLITE_OK && pages > static_cast<int>(settings_.wal_pages_max)) {
    code = sqlite3_wal_checkpoint_v2(handle, nullptr, SQLITE_CHECKPOINT_RESTART, nullptr, nullptr);
  }
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) return trouble_.succeeded();  // a reader is in the way: next time
  connection_->fail(code);
  trouble_.failed(describe_failure(*connection_, settings_.path));
  connection_.reset();
}

}  // namespace parley::sqlite
