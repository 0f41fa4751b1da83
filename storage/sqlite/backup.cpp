#include "storage/sqlite/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "storage/sqlite/owner_file.h"

namespace parley::sqlite {

namespace {

constexpr int application_id = 0x50524c59;  // schema.cpp: "PRLY"

struct Close {
  void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
};
using Handle = std::unique_ptr<sqlite3, Close>;

Error system_error(const std::string& path) { return {Code::unavailable, path + ": " + std::strerror(errno)}; }

bool exists(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0;
}

Result<Handle> open(const std::string& path, int flags) {
  sqlite3* raw = nullptr;
  const int opened = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  Handle handle(raw);
  if (opened != SQLITE_OK) return {Code::unavailable, path + ": " + (raw != nullptr ? sqlite3_errmsg(raw) : "out of memory")};
  sqlite3_busy_timeout(raw, 10'000);
  return handle;
}

// The first column of the first row, as text; empty when there is none.
std::string ask(sqlite3* handle, const char* sql) {
  sqlite3_stmt* statement = nullptr;
  std::string answer;
  if (sqlite3_prepare_v2(handle, sql, -1, &statement, nullptr) == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW) {
    const unsigned char* text = sqlite3_column_text(statement, 0);
    if (text != nullptr) answer = reinterpret_cast<const char*>(text);
  }
  sqlite3_finalize(statement);
  return answer;
}

// Small steps, so that a broker's checkpoints get their turn; its writes do not begin the copy anew, because one read
// transaction is held all the while.
Status copy(sqlite3* from, sqlite3* to, const std::string& name) {
  if (sqlite3_exec(from, "BEGIN", nullptr, nullptr, nullptr) != SQLITE_OK ||
      ask(from, "SELECT count(*) FROM sqlite_schema").empty())
    return Error{Code::unavailable, name + ": " + sqlite3_errmsg(from)};
  sqlite3_backup* work = sqlite3_backup_init(to, "main", from, "main");
  if (work == nullptr) return Error{Code::unavailable, name + ": " + sqlite3_errmsg(to)};
  int step = SQLITE_OK;
  while (step == SQLITE_OK || step == SQLITE_BUSY || step == SQLITE_LOCKED) {
    step = sqlite3_backup_step(work, 1024);
    if (step == SQLITE_BUSY || step == SQLITE_LOCKED) sqlite3_sleep(20);
  }
  const int finished = sqlite3_backup_finish(work);
  sqlite3_exec(from, "COMMIT", nullptr, nullptr, nullptr);
  if (step == SQLITE_DONE && finished == SQLITE_OK) return ok_status();
  return Error{Code::unavailable, name + ": " + sqlite3_errstr(step == SQLITE_DONE ? finished : step)};
}

Status check(sqlite3* handle, const std::string& path) {
  if (ask(handle, "PRAGMA application_id") != std::to_string(application_id))
    return Error{Code::bad_request, path + " is no database of Parley's"};
  const std::string verdict = ask(handle, "PRAGMA integrity_check");
  if (verdict != "ok") return Error{Code::bad_request, path + " is damaged: " + verdict};
  return ok_status();
}

Status make_durable(const std::string& path, const std::string& folder) {
  for (const std::string& name : {path, folder}) {
    const int fd = ::open(name.c_str(), O_RDONLY | O_CLOEXEC);
    const bool synced = fd >= 0 && ::fsync(fd) == 0;
    if (fd >= 0) ::close(fd);
    if (!synced) return system_error(name);
  }
  return ok_status();
}

Status copy_aside(const std::string& from, const std::string& aside) {
  Result<Handle> source = open(from, SQLITE_OPEN_READONLY);
  if (!source) return source.error();
  // Only the owner may read what people wrote.
  const int made = ::open(aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made < 0) return system_error(aside);
  ::close(made);
  Result<Handle> target = open(aside, SQLITE_OPEN_READWRITE);
  if (!target) return target.error();
  if (Status copied = copy(source->get(), target->get(), from); !copied) return copied;
  // One file without companions: it can be moved and kept.
  sqlite3_exec(target->get(), "PRAGMA journal_mode=DELETE", nullptr, nullptr, nullptr);
  return check(target->get(), from);
}

Status copy_checked(const std::string& from, const std::string& to) {
  const std::string aside = to + ".part";
  const std::size_t slash = to.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : to.substr(0, slash + 1);
  Status done = copy_aside(from, aside);
  if (done) done = make_durable(aside, folder);
  // link and not rename: nothing that came there meanwhile is replaced.
  if (done && ::link(aside.c_str(), to.c_str()) != 0)
    done = errno == EEXIST ? Error{Code::conflict, to + " is there already"} : system_error(to);
  if (done || done.error().message.find(aside) == std::string::npos) ::unlink(aside.c_str());
  return done ? make_durable(to, folder) : done;
}

}  // namespace

Status backup(const std::string& from, const std::string& to) {
  if (!exists(from)) return Error{Code::not_found, from + ": no database is there; --data-dir or --database says where it is"};
  if (exists(to)) return Error{Code::conflict, to + " is there already: name another file"};
  return copy_checked(from, to);
}

Status restore(const std::string& from, const std::string& to) {
  if (!exists(from)) return Error{Code::not_found, from + ": no backup is there"};
  for (const char* suffix : {"", "-wal", "-journal"}) {
    if (exists(to + suffix)) {
      return Error{Code::conflict,
                   to + suffix + " is there already: stop the broker and move it away, or restore into another folder"};
    }
  }
  const Result<std::unique_ptr<OwnerFile>> owner = OwnerFile::lock(to);
  if (!owner) return owner.error();
  return copy_checked(from, to);
}

}  // namespace parley::sqlite
