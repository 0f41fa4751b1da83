#include "storage/sqlite/schema.h"

#include "broker/base/log.h"
#include "storage/migration.h"

namespace parley::sqlite {

namespace {

constexpr std::int64_t application_id = 0x50524c59;  // "PRLY", in the header of the file

Status refuse_foreign(Connection& connection, const std::string& path) {
  const std::int64_t id = connection.pragma("PRAGMA application_id");
  const std::int64_t version = connection.pragma("PRAGMA user_version");
  const std::int64_t tables = connection.pragma("SELECT count(*) FROM sqlite_schema");
  if (connection.failed()) return describe_failure(connection, path);
  const bool fresh = id == 0 && version == 0 && tables == 0;
  if (!fresh && id != application_id) {
    return {Code::conflict, "the database " + path + " belongs to another program: name another file"};
  }
  const int known = sqlite_migrations.back().number;
  if (version > known) {
    return {Code::conflict, "the database " + path + " has schema " + std::to_string(version) +
                                ", made by a newer parley; this one knows " + std::to_string(known) +
                                ": run that version or a newer one"};
  }
  return ok_status();
}

Status enter_wal(Connection& connection, const std::string& path) {
  if (sqlite3_db_readonly(connection.handle(), "main") == 1) {
    return {Code::forbidden, "the database " + path + " cannot be written: check the owner and the rights of the file"};
  }
  std::string mode;
  {
    Query query(connection, "PRAGMA journal_mode=WAL");
    if (query.row()) mode = query.text(0);
  }
  if (connection.failed()) return describe_failure(connection, path);
  if (mode != "wal") {
    return {Code::unavailable, "the file system of " + path + " cannot hold a database in WAL mode: use a local disk"};
  }
  return ok_status();
}

Status apply(Connection& connection, const Migration& migration, const std::string& path) {
  const std::string version = "PRAGMA user_version=" + std::to_string(migration.number);
  const std::string id = "PRAGMA application_id=" + std::to_string(application_id);
  const bool done = connection.execute("BEGIN IMMEDIATE") && connection.execute(migration.sql) &&
                    connection.execute(version.c_str()) && connection.execute(id.c_str()) && connection.execute("COMMIT");
  if (done) {
    log::info("database migrated", {{"migration", migration.name}});
    return ok_status();
  }
  Error error = describe_failure(connection, path);
  connection.clear_error();
  connection.execute("ROLLBACK");
  return {error.code, "migration " + std::string(migration.name) + ": " + error.message};
}

}  // namespace

Status prepare_schema(Connection& connection, const std::string& path) {
  if (auto status = refuse_foreign(connection, path); !status.ok()) return status;
  if (auto status = enter_wal(connection, path); !status.ok()) return status;
  const std::int64_t version = connection.pragma("PRAGMA user_version");
  for (const Migration& migration : sqlite_migrations) {
    if (migration.number <= version) continue;
    if (auto status = apply(connection, migration, path); !status.ok()) return status;
  }
  return ok_status();
}

}  // namespace parley::sqlite
