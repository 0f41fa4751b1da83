#pragma once

// One SQLite connection and its cached statements, RAII over the C interface.
//
// Errors are sticky: after a step has failed every later one on that connection fails too, until clear_error(). So the code in
// between reads straight on, and the one place that began the transaction asks once whether all of it went well. Until it has
// asked, "no row" may mean "failed".
//
// Threads: one at a time.

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/base/result.h"
#include "storage/sqlite/settings.h"

namespace parley::sqlite {

enum class Access : unsigned char { create, write, read };

class Connection {
 public:
  // Opens the file (made if need be for Access::create only) and sets what every connection of the store has in common.
  static Result<std::unique_ptr<Connection>> open(const SqliteSettings& settings, Access access);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  sqlite3* handle() { return handle_; }
  // Statements without results that are not worth caching, several if need be. False when it failed.
  bool execute(const char* sql);
  std::int64_t pragma(const char* sql);  // its first column, 0 without a row

  bool failed() const { return error_ != SQLITE_OK; }
  int error_code() const { return error_; }  // extended result code of the first failure
  const std::string& error_text() const { return error_text_; }
  void clear_error();
  void fail(int code);

  // Whether only the data at hand can be at fault, not the file or the system.
  static bool is_data_error(int code);
  // Whether the connection may go on to be used after the failure; otherwise it is better opened anew.
  static bool is_passing(int code);

 private:
  friend class Query;
  explicit Connection(sqlite3* handle) : handle_(handle) {}
  sqlite3_stmt* prepared(const char* sql);

  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  sqlite3* handle_;
  // By the literal's address: the same place in the source finds its statement without comparing text.
  std::unordered_map<const char*, std::unique_ptr<sqlite3_stmt, Finalize>> statements_;
  int error_ = SQLITE_OK;
  std::string error_text_;
};

// What the sticky error of the connection means for the one who must repair it.
Error describe_failure(const Connection& connection, const std::string& path);

// Bytes of which none are stored as NULL.
struct Nullable {
  std::string_view bytes;
};

// A number of which 0 is stored as NULL.
struct NullableNumber {
  std::int64_t value;
};

// One use of a cached statement. `sql` must be a literal. Bind all, then step; reset at the end of its life. What is bound as
// text must outlive the Query.
class Query {
 public:
  template <typename... Values>
  explicit Query(Connection& connection, const char* sql, const Values&... values)
      : connection_(connection), statement_(connection.prepared(sql)) {
    if (statement_ != nullptr) (bind(values), ...);
  }
  ~Query();
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;

  void bind(std::int64_t value);
  void bind(std::uint64_t value) { bind(static_cast<std::int64_t>(value)); }
  void bind(int value) { bind(static_cast<std::int64_t>(value)); }
  void bind(unsigned value) { bind(static_cast<std::int64_t>(value)); }
  void bind(std::string_view bytes);
  void bind(const std::string& bytes) { bind(std::string_view(bytes)); }
  void bind(std::nullptr_t);
  void bind(NullableNumber number) { number.value == 0 ? bind(nullptr) : bind(number.value); }
  void bind(Nullable value) { value.bytes.empty() ? bind(nullptr) : bind(value.bytes); }

  bool row();  // steps; true when there is a row
  bool run();  // steps to the end; false when it failed
  // As run(), but a violated uniqueness is not a failure: `repeated` is set.
  bool run_unless_repeated(bool& repeated);

  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::uint64_t natural(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  bool null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::string_view view(int column) const;  // until the next step
  std::string text(int column) const { return std::string(view(column)); }

 private:
  Connection& connection_;
  sqlite3_stmt* statement_;
  int bound_ = 0;
};

}  // namespace parley::sqlite
