#include "storage/open/open_store.h"

#include "storage/postgres/postgres_store.h"
#include "storage/sqlite/sqlite_store.h"

namespace parley {

namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

bool is_postgres(const std::string& url) { return url.starts_with("postgres://") || url.starts_with("postgresql://"); }

SqliteSettings sqlite_settings(const StoreSettings& settings) {
  SqliteSettings out;
  out.path = settings.url.substr(sqlite_scheme.size());
  if (out.path.starts_with("//")) out.path.erase(0, 2);
  return out;
}

PostgresSettings postgres_settings(const StoreSettings& settings) {
  PostgresSettings out;
  out.url = settings.url;
  out.password_file = settings.password_file;
  out.readers = settings.readers;
  out.connect_timeout_ms = settings.connect_timeout_ms;
  out.statement_timeout_ms = settings.statement_timeout_ms;
  out.start_wait_ms = settings.start_wait_ms;
  return out;
}

}  // namespace

Status check_store_url(const std::string& url) {
  if (is_postgres(url)) return ok_status();
  if (!url.starts_with(sqlite_scheme)) {
    const std::string named = url.substr(0, url.find(':'));  // never the whole URL: it may hold a password
    return {Code::bad_request,
            "unknown kind of database \"" + named + "\"; there is: sqlite:PATH and postgres://USER@HOST:PORT/DATABASE"};
  }
  if (url.size() == sqlite_scheme.size() || url == "sqlite://") {
    return {Code::bad_request, "the database URL names no file: sqlite:PATH"};
  }
  return ok_status();
}

Result<std::unique_ptr<Store>> open_store(const StoreSettings& settings, net::Loop& loop) {
  if (auto status = check_store_url(settings.url); !status.ok()) return status.error();
  if (is_postgres(settings.url)) return open_postgres(postgres_settings(settings), loop);
  return open_sqlite(sqlite_settings(settings), loop);
}

Result<int> migrate_store(const StoreSettings& settings) {
  if (auto status = check_store_url(settings.url); !status.ok()) return status.error();
  if (is_postgres(settings.url)) return migrate_postgres(postgres_settings(settings));
  return migrate_sqlite(sqlite_settings(settings));
}

Result<std::string> bump_epoch(const StoreSettings& settings) {
  if (auto status = check_store_url(settings.url); !status.ok()) return status.error();
  if (is_postgres(settings.url)) return bump_postgres_epoch(postgres_settings(settings));
  return bump_sqlite_epoch(sqlite_settings(settings));
}

}  // namespace parley
