#include "storage/sqlite/connection.h"

#include "storage/ascii.h"

namespace parley::sqlite {

namespace {

std::string_view argument(sqlite3_value* value) {
  const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
  const auto size = static_cast<std::size_t>(sqlite3_value_bytes(value));
  return bytes == nullptr ? std::string_view() : std::string_view(bytes, size);
}

// parley_contains(text, lower_needle): ASCII case-insensitive, over bytes.
void contains(sqlite3_context* context, int /*count*/, sqlite3_value** values) {
  sqlite3_result_int(context, ascii_contains(argument(values[0]), argument(values[1])) ? 1 : 0);
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const SqliteSettings& settings, Access access) {
  sqlite3* handle = nullptr;
  const int flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | (access == Access::create ? SQLITE_OPEN_CREATE : 0);
  const char* vfs = settings.vfs.empty() ? nullptr : settings.vfs.c_str();
  const int code = sqlite3_open_v2(settings.path.c_str(), &handle, flags, vfs);
  if (handle == nullptr) return {Code::unavailable, "out of memory"};
  std::unique_ptr<Connection> connection(new Connection(handle));
  if (code != SQLITE_OK) {
    connection->fail(code);
    return describe_failure(*connection, settings.path);
  }
  sqlite3_busy_timeout(handle, static_cast<int>(settings.busy_timeout_ms));
  sqlite3_create_function_v2(handle, "parley_contains", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr, contains, nullptr,
                             nullptr, nullptr);
  const unsigned cache = access == Access::read ? settings.reader_cache_kib : settings.writer_cache_kib;
  const std::string pragmas =
      "PRAGMA synchronous=" + std::to_string(static_cast<int>(settings.synchronous)) + "; PRAGMA cache_size=-" +
      std::to_string(cache) +
      "; PRAGMA wal_autocheckpoint=0; PRAGMA secure_delete=ON; PRAGMA foreign_keys=OFF;"
      " PRAGMA journal_size_limit=" +
      std::to_string(4096ULL * settings.wal_pages_max) +
      "; PRAGMA temp_store=MEMORY; PRAGMA trusted_schema=OFF; PRAGMA query_only=" + (access == Access::read ? "ON" : "OFF");
  if (!connection->execute(pragmas.c_str())) return describe_failure(*connection, settings.path);
  return connection;
}

Error describe_failure(const Connection& connection, const std::string& path) {
  const std::string what = "the database " + path;
  const std::string reason = " (" + connection.error_text() + ")";
  switch (connection.error_code() & 0xff) {
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return {Code::unavailable, what + " is damaged or no SQLite database" + reason + ": restore a backup or name another file"};
    case SQLITE_FULL:
      return {Code::unavailable, "the disk of " + path + " is full: make room"};
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return {Code::unavailable, what + " is locked by another process: end it"};
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_CANTOPEN:
      return {Code::unavailable,
              what + " cannot be opened for writing" + reason + ": check the rights of the file and its folder"};
    default:
      return {Code::unavailable, what + " cannot be used" + reason};
  }
}

Connection::~Connection() {
  statements_.clear();
  sqlite3_close(handle_);
}

void Connection::fail(int code) {
  if (failed()) return;
  error_ = code;
  error_text_ = sqlite3_errmsg(handle_);
}

void Connection::clear_error() {
  error_ = SQLITE_OK;
  error_text_.clear();
}

bool Connection::is_data_error(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_CONSTRAINT || primary == SQLITE_TOOBIG || primary == SQLITE_MISMATCH || primary == SQLITE_RANGE ||
         primary == SQLITE_ERROR;
}

bool Connection::is_passing(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_BUSY || primary == SQLITE_LOCKED || primary == SQLITE_FULL || is_data_error(code);
}

bool Connection::execute(const char* sql) {
  if (failed()) return false;
  const int code = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
  return code == SQLITE_OK;
}

std::int64_t Connection::pragma(const char* sql) {
  Query query(*this, sql);
  return query.row() ? query.integer(0) : 0;
}

sqlite3_stmt* Connection::prepared(const char* sql) {
  if (failed()) return nullptr;
  auto& slot = statements_[sql];
  if (slot == nullptr) {
    sqlite3_stmt* statement = nullptr;
    const int code = sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) {
      fail(code);
      return nullptr;
    }
    slot.reset(statement);
  }
  return slot.get();
}

Query::~Query() {
  if (statement_ != nullptr) sqlite3_reset(statement_);
}

void Query::bind(std::int64_t value) {
  if (statement_ == nullptr) return;
  if (const int code = sqlite3_bind_int64(statement_, ++bound_, value); code != SQLITE_OK) connection_.fail(code);
}

void Query::bind(std::string_view bytes) {
  if (statement_ == nullptr) return;
  const char* data = bytes.data() == nullptr ? "" : bytes.data();
  const int code = sqlite3_bind_blob64(statement_, ++bound_, data, bytes.size(), SQLITE_STATIC);
  if (code != SQLITE_OK) connection_.fail(code);
}

void Query::bind(std::nullptr_t) {
  if (statement_ == nullptr) return;
  if (const int code = sqlite3_bind_null(statement_, ++bound_); code != SQLITE_OK) connection_.fail(code);
}

bool Query::row() {
  if (statement_ == nullptr || connection_.failed()) return false;
  const int code = sqlite3_step(statement_);
  if (code != SQLITE_ROW && code != SQLITE_DONE) connection_.fail(code);
  return code == SQLITE_ROW;
}

bool Query::run() {
  while (row()) {
  }
  return !connection_.failed();
}

bool Query::run_unless_repeated(bool& repeated) {
  repeated = false;
  if (statement_ == nullptr || connection_.failed()) return false;
  const int code = sqlite3_step(statement_);
  repeated = code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY;
  if (code != SQLITE_DONE && !repeated) connection_.fail(code);
  return !connection_.failed();
}

std::string_view Query::view(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  return bytes == nullptr ? std::string_view() : std::string_view(bytes, size);
}

}  // namespace parley::sqlite
