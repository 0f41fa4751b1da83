// Cursor updates a second of MqttStore::save against bare SQLite, which writes the same rows into the same table in transactions
// of the same size; and what a session costs on disk. Real time: most of it is the disk's. The two alternate, so that both see
// the same disk.

#include <benchmark/benchmark.h>

#include <filesystem>

#include "storage/mqtt_store.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/schema.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/contract/pump_executor.h"
#include "tests/contract/temp_folder.h"

namespace parley {
namespace {

constexpr int rooms = 20;
constexpr int sessions = 1000;

SqliteSettings settings_in(const contract::TempFolder& folder) {
  SqliteSettings settings;
  settings.path = folder.file("bench.db");
  return settings;
}

// A store with `rooms` rooms "r/{n}" and `sessions` sessions without a subscription.
class Ground {
 public:
  Ground() {
    auto opened = open_sqlite(settings_in(folder), executor);
    if (!opened.ok()) return;
    store = std::move(*opened);
    for (int i = 1; i <= rooms; ++i) {
      store->create_room({"r/" + std::to_string(i), "", Visibility::open, Keep::all, "", ""}, 0,
                         [&](Result<RoomInfo> room) { made += room.ok() ? 1 : 0; });
    }
    executor.run_until([&] { return made == rooms; });
    for (int i = 0; i < sessions; ++i) {
      SessionOpening opening;
      opening.client_id = "device-" + std::to_string(100'000 + i);
      opening.user_id = "u_" + std::to_string(1'000'000'000'000 + i);
      opening.owner = "bench";
      opening.expiry_s = session_never_expires;
      store->mqtt()->open_session(opening, 0, [this](Result<SessionOpened> session) { keys.push_back(session->key); });
    }
    executor.run_until([&] { return keys.size() == sessions; });
  }
  // Bytes of the file once all of it is in there.
  std::uintmax_t close() {
    bool closed = false;
    store->close([&] { closed = true; });
    executor.run_until([&] { return closed; });
    store.reset();
    return std::filesystem::file_size(folder.file("bench.db"));
  }

  contract::TempFolder folder;
  contract::PumpExecutor executor;
  std::unique_ptr<Store> store;
  std::vector<SessionKey> keys;
  int made = 0;
};

struct Update {
  std::size_t session;
  RoomId room;
  Seq low;
};
// The same one for the same number: each session acknowledges in turn, in one room after the other.
Update update(std::uint64_t number) {
  return {number % sessions, static_cast<RoomId>(number / sessions % rooms + 1), number / sessions + 1};
}

// The whole of it: the call, the writer's thread, the look at each session's generation, the commit, the answer.
void save(benchmark::State& state) {
  Ground ground;
  if (ground.store == nullptr) return state.SkipWithError("no store");
  const auto size = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t number = 0;
  for (auto _ : state) {
    std::vector<SessionSave> saves(size);
    for (SessionSave& each : saves) {
      const Update next = update(number++);
      each.session = ground.keys[next.session];
      each.cursors.push_back({next.room, next.low, {}});
    }
    bool done = false;
    bool good = false;
    ground.store->mqtt()->save(std::move(saves), [&](Result<std::vector<Status>> result) {
      done = true;
      good = result.ok() && result->front().ok();
    });
    ground.executor.run_until([&] { return done; });
    if (!good) return state.SkipWithError("save failed");
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
  sqlite3_wal_autocheckpoint(connection.handle(), static_cast<int>(settings.checkpoint_pages));
  const auto size = static_cast<std::uint64_t>(state.range(0));
  std::uint64_t number = 0;
  for (auto _ : state) {
    connection.execute("BEGIN IMMEDIATE");
    for (std::uint64_t i = 0; i < size; ++i) {
      const Update next = update(number++);
      sqlite::Query(connection,
                    "INSERT INTO mqtt_cursors(room, session, low, above) VALUES(?,?,?,NULL) ON CONFLICT DO UPDATE SET "
                    "low=excluded.low, above=NULL",
                    next.room, static_cast<std::int64_t>(next.session) + 1, next.low)
          .run();
    }
    if (!connection.execute("COMMIT")) return state.SkipWithError("commit failed");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(number));
}

// Sessions with a subscription, cursors in 20 rooms and four packets under way: bytes of the file for each.
void disk(benchmark::State& state) {
  for (auto _ : state) {
    Ground ground;
    Ground empty;
    if (ground.store == nullptr || empty.store == nullptr) return state.SkipWithError("no store");
    std::vector<SessionSave> saves;
    std::size_t subscribed = 0;
    for (const SessionKey key : ground.keys) {
      MqttSubscription subscription;
      subscription.filter = "r/#";
      subscription.qos = mqtt::QoS::at_least_once;
      ground.store->mqtt()->subscribe(key, subscription, {}, [&](Result<RoomsPage>) { ++subscribed; });
      SessionSave each;
      each.session = key;
      for (RoomId room = 1; room <= rooms; ++room) each.cursors.push_back({room, 1'000'000, {}});
      for (std::uint16_t id = 1; id <= 4; ++id) each.outbound.push_back({id, OutboundState::publish_qos2, 1, 1'000'000, id});
      saves.push_back(std::move(each));
    }
    bool saved = false;
    ground.store->mqtt()->save(std::move(saves), [&](Result<std::vector<Status>>) { saved = true; });
    ground.executor.run_until([&] { return saved && subscribed == sessions; });
    const auto bytes = ground.close();
    const auto without = empty.close();
    state.counters["session_row_bytes"] = static_cast<double>(without) / sessions;
    state.counters["with_20_cursors_4_packets_bytes"] = static_cast<double>(bytes) / sessions;
  }
}

BENCHMARK(bare)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(save)->Arg(1)->Arg(10)->Arg(100)->Arg(1000)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(disk)->Iterations(1)->UseRealTime();

}  // namespace
}  // namespace parley

BENCHMARK_MAIN();
