// Rows a second of the store's append against bare SQLite, which inserts the same rows into the same tables and indices, with the
// same pragmas, in transactions of the same size. Real time: most of it is the disk's. Runs of the two alternate, so that both
// see the same disk.

#include <benchmark/benchmark.h>

#include "storage/sqlite/connection.h"
#include "storage/sqlite/schema.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/contract/pump_executor.h"
#include "tests/contract/temp_folder.h"

namespace parley {
namespace {

constexpr int rooms = 20;
constexpr std::uint64_t spread = 0x9e3779b97f4a7c15ULL;

// A chat message with an id of its own, as clients send it; the same one for the same number.
NewEntry row(std::uint64_t number) {
  NewEntry entry;
  const std::uint64_t mixed = number * spread;
  entry.room = static_cast<RoomId>(mixed % rooms + 1);
  entry.user_id = "u_" + std::to_string(1'000'000'000'000ULL + mixed % 300);
  entry.user_name = "user" + std::to_string(mixed % 300);
  entry.cid = std::to_string(mixed) + std::to_string(number);
  entry.body = R"({"text":")" + std::string(40 + mixed % 100, 'x') + R"("})";
  return entry;
}

SqliteSettings settings_in(const contract::TempFolder& folder) {
  SqliteSettings settings;
  settings.path = folder.file("bench.db");
  return settings;
}

void make_rooms(sqlite::Connection& connection) {
  for (int i = 1; i <= rooms; ++i) {
    sqlite::Query(connection, "INSERT INTO rooms(name, title, visibility, keep, created) VALUES(?,x'',1,1,0)", std::to_string(i))
        .run();
  }
}

// The whole of it: the call, the writer's thread, the commit, the answer.
void store(benchmark::State& state) {
  const contract::TempFolder folder;
  contract::PumpExecutor executor;
  auto opened = open_sqlite(settings_in(folder), executor);
  if (!opened.ok()) return state.SkipWithError(opened.error().message.c_str());
  Store& store = **opened;
  int made = 0;
  for (int i = 1; i <= rooms; ++i) {
    store.create_room({std::to_string(i), "", Visibility::open, Keep::all, "", ""}, 0, [&](Result<RoomInfo>) { ++made; });
  }
  executor.run_until([&] { return made == rooms; });

  const auto size = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t number = 0;
  for (auto _ : state) {
    std::vector<NewEntry> batch;
    batch.reserve(size);
    for (std::uint64_t i = 0; i < size; ++i) batch.push_back(row(number++));
    bool done = false;
    bool good = false;
    store.append(std::move(batch), 1'764'000'000'000, [&](Result<std::vector<Result<Appended>>> result) {
      done = true;
      good = result.ok();
    });
    executor.run_until([&] { return done; });
    if (!good) return state.SkipWithError("append failed");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
}

// The least that must be done: bind, step, commit, on this thread.
void bare(benchmark::State& state) {
  const contract::TempFolder folder;
  const SqliteSettings settings = settings_in(folder);
  auto opened = sqlite::Connection::open(settings, sqlite::Access::create);
  if (!opened.ok()) return state.SkipWithError(opened.error().message.c_str());
  sqlite::Connection& connection = **opened;
  if (!sqlite::prepare_schema(connection, settings.path).ok()) return state.SkipWithError("no schema");
  make_rooms(connection);
  // As often as the store does it, but in the writer's way: SQLite alone has no other.
  sqlite3_wal_autocheckpoint(connection.handle(), static_cast<int>(settings.checkpoint_pages));
  sqlite3_stmt* statement = nullptr;
  sqlite3_prepare_v2(
      connection.handle(),
      "INSERT INTO entries(room, seq, ts, type, payload, flags, target, messages, user_id, user_name, cid, fingerprint, "
      "content_type, properties, body) "
      "VALUES(?,?,1764000000000,1,1,0,0,?2,?,?,?,x'00112233445566778899aabbccddeeff',NULL,NULL,?)",
      -1, &statement, nullptr);
  const auto bind = [&](int place, const std::string& bytes) {
    sqlite3_bind_blob64(statement, place, bytes.data(), bytes.size(), SQLITE_STATIC);
  };
  const auto size = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t number = 0;
  std::uint64_t heads[rooms + 1] = {};
  for (auto _ : state) {
    connection.execute("BEGIN IMMEDIATE");
    for (std::uint64_t i = 0; i < size; ++i) {
      const NewEntry entry = row(number++);
      sqlite3_bind_int64(statement, 1, entry.room);
      sqlite3_bind_int64(statement, 2, static_cast<std::int64_t>(++heads[entry.room]));
      bind(3, entry.user_id);
      bind(4, entry.user_name);
      bind(5, entry.cid);
      bind(6, entry.body);
      if (sqlite3_step(statement) != SQLITE_DONE) return state.SkipWithError(sqlite3_errmsg(connection.handle()));
      sqlite3_reset(statement);
    }
    if (!connection.execute("COMMIT")) return state.SkipWithError("commit failed");
  }
  sqlite3_finalize(statement);
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
}

BENCHMARK(bare)->Arg(1)->Arg(10)->Arg(100)->Arg(500)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(store)->Arg(1)->Arg(10)->Arg(100)->Arg(500)->UseRealTime()->MeasureProcessCPUTime();

}  // namespace
}  // namespace parley

BENCHMARK_MAIN();
