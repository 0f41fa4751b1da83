#include "storage/open/open_store.h"

#include "storage/sqlite/sqlite_store.h"

namespace parley {

Result<std::unique_ptr<Store>> open_store(const std::string& url, Executor& owner) {
  static constexpr std::string_view scheme = "sqlite:";
  if (!url.starts_with(scheme)) {
    const std::string named = url.substr(0, url.find(':'));  // never the whole URL: it may hold a password
    return {Code::bad_request, "unknown kind of database \"" + named + "\"; there is: sqlite:PATH"};
  }
  SqliteSettings settings;
  settings.path = url.substr(scheme.size());
  if (settings.path.starts_with("//")) settings.path.erase(0, 2);
  if (settings.path.empty()) return {Code::bad_request, "the database URL names no file: sqlite:PATH"};
  return open_sqlite(settings, owner);
}

}  // namespace parley
