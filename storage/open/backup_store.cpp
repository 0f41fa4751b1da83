#include "storage/open/backup_store.h"

#include <string_view>

#include "storage/sqlite/backup.h"

namespace parley {

namespace {

Result<std::string> path_of(const std::string& url) {
  static constexpr std::string_view scheme = "sqlite:";
  if (!url.starts_with(scheme)) {
    return {Code::bad_request,
            "only SQLite databases are copied by parley itself; for PostgreSQL use pg_dump, or your provider's snapshots "
            "(scripts/backup-postgres, docs/operations.md)"};
  }
  std::string path = url.substr(scheme.size());
  if (path.starts_with("//")) path.erase(0, 2);
  if (path.empty()) return {Code::bad_request, "the database URL names no file: sqlite:PATH"};
  return path;
}

}  // namespace

Status backup_store(const std::string& url, const std::string& file) {
  const Result<std::string> path = path_of(url);
  return path ? sqlite::backup(*path, file) : Status(path.error());
}

Status restore_store(const std::string& file, const std::string& url) {
  const Result<std::string> path = path_of(url);
  return path ? sqlite::restore(file, *path) : Status(path.error());
}

}  // namespace parley
