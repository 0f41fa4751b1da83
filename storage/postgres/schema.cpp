#include "storage/postgres/schema.h"

#include <sodium.h>

#include "broker/base/log.h"
#include "storage/migration.h"

namespace parley::postgres {

namespace {

// "PRLY": the key of the advisory lock, per database.
constexpr const char* lock = "SELECT pg_advisory_lock(1347570777)";
constexpr const char* unlock = "SELECT pg_advisory_unlock(1347570777)";

struct Found {
  bool schema = false;
  bool ours = false;
  int version = 0;
};

Result<Found> look(Session& session) {
  auto rows = session.ask(
      "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'parley'), to_regclass('parley.meta') IS NOT NULL, "
      "EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'parley')");
  if (!rows.ok()) return rows.error();
  Found found{rows->truth(0, 0), rows->truth(0, 1), 0};
  if (!found.ours) {
    if (rows->truth(0, 2)) {
      return {Code::conflict,
              "the database has a schema \"parley\" of another program: name another database, or rename that schema"};
    }
    return found;
  }
  rows = session.ask("SELECT value::int8 FROM parley.meta WHERE key = 'schema'");
  if (!rows.ok()) return rows.error();
  if (!rows->empty()) found.version = static_cast<int>(rows->integer(0, 0));
  return found;
}

Status apply(Session& session, const Migration& migration) {
  const std::string number = std::to_string(migration.number);
  auto status = session.run("BEGIN;\n" + std::string(migration.sql) + "\nINSERT INTO meta (key, value) VALUES ('schema', '" +
                            number + "') ON CONFLICT (key) DO UPDATE SET value = excluded.value; COMMIT");
  if (status.ok()) {
    log::info("database migrated", {{"migration", migration.name}});
    return status;
  }
  (void)session.run("ROLLBACK");
  return {status.error().code, "migration " + std::string(migration.name) + ": " + status.error().message};
}

Result<int> migrate(Session& session) {
  auto found = look(session);
  if (!found.ok()) return found.error();
  const int known = postgres_migrations.back().number;
  if (found->version > known) {
    return {Code::conflict, "the database has schema " + std::to_string(found->version) +
                                ", made by a newer parley; this one knows " + std::to_string(known) +
                                ": run that version or a newer one"};
  }
  if (found->version == known) return known;
  if (!found->schema) {
    if (auto status = session.run("CREATE SCHEMA parley"); !status.ok()) {
      return {Code::forbidden, "the schema \"parley\" cannot be made: " + status.error().message +
                                   "; run `parley migrate` as the owner of the database"};
    }
  }
  for (const Migration& migration : postgres_migrations) {
    if (migration.number <= found->version) continue;
    if (auto status = apply(session, migration); !status.ok()) return status.error();
  }
  return known;
}

}  // namespace

Result<int> prepare_schema(Session& session) {
  // A migration may take long, and so may the wait for another process's: the session's own time-out watches over both.
  if (auto status = session.run("SET search_path = parley; SET statement_timeout = 0; SET client_min_messages = warning");
      !status.ok()) {
    return status.error();
  }
  if (auto locked = session.ask(lock); !locked.ok()) {
    return {Code::unavailable, "another process is migrating the database: " + locked.error().message};
  }
  auto version = migrate(session);
  (void)session.ask(unlock);
  return version;
}

void warn_of_settings(Session& session) {
  auto rows =
      session.ask("SELECT current_setting('fsync'), current_setting('full_page_writes'), current_setting('synchronous_commit')");
  if (!rows.ok()) return;
  if (rows->view(0, 0) == "off") log::warn("PostgreSQL runs with fsync=off: a crash of its machine loses what was acknowledged");
  if (rows->view(0, 1) == "off")
    log::warn("PostgreSQL runs with full_page_writes=off: a crash of its machine may damage the log");
  if (rows->view(0, 2) == "off")
    log::info("PostgreSQL's synchronous_commit is off: it is switched on for the connections of parley");
}

std::string new_epoch() {
  static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz234567";
  std::string epoch;
  for (int i = 0; i < 12; ++i) epoch += letters[randombytes_uniform(static_cast<std::uint32_t>(letters.size()))];
  return epoch;
}

}  // namespace parley::postgres
