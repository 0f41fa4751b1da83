// Appends a second of the PostgreSQL and the SQLite store beside the least that must be done: a bare libpq client that calls the
// same function with the same batches, one after another. Publishers as the broker has them: each waits for its answer and sends
// again, and what waits while a commit is under way is the next batch (group commit). Real time. Runs of the variants alternate,
// so that all see the same machine.
//   store_append POSTGRES-URL [SECONDS]
#include <libpq-fe.h>

#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "storage/postgres/append.h"
#include "storage/postgres/postgres_store.h"
#include "storage/postgres/session.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/contract/pump_executor.h"
#include "tests/contract/temp_folder.h"

namespace parley {
namespace {

using Clock = std::chrono::steady_clock;
using Results = std::vector<Result<Appended>>;
constexpr std::size_t batch_max = 1024;

struct Figures {
  double rows = 0;
  double p50_ms = 0;
  double p99_ms = 0;
  std::vector<double> latencies_ms = {};  // ascending
};

// A chat message with an id of its own, as clients send it.
NewEntry row(const std::vector<RoomId>& rooms, std::uint64_t number) {
  const std::uint64_t mixed = number * 0x9e3779b97f4a7c15ULL;
  NewEntry entry;
  entry.room = rooms[(mixed >> 17U) % rooms.size()];
  entry.user_id = "u_" + std::to_string(1'000'000'000'000ULL + mixed % 300);
  entry.user_name = "user" + std::to_string(mixed % 300);
  entry.cid = std::to_string(mixed) + std::to_string(number);
  entry.body = R"({"text":")" + std::string(40 + mixed % 100, 'x') + R"("})";
  return entry;
}

using Append = std::function<void(std::vector<NewEntry>, std::function<void(bool)>)>;

// Closed loop: `publishers` of them, each with one message under way.
class Load {
 public:
  Load(Append append, const std::vector<RoomId>& rooms, unsigned publishers, std::uint64_t& number)
      : append_(std::move(append)), rooms_(rooms), number_(number) {
    for (unsigned i = 0; i < publishers; ++i) ready_.push_back(Clock::now());
  }
  void flush() {
    if (ready_.empty() || ended_) return;
    std::vector<NewEntry> batch;
    std::vector<Clock::time_point> since;
    while (!ready_.empty() && batch.size() < batch_max) {
      batch.push_back(row(rooms_, number_++));
      since.push_back(ready_.front());
      ready_.pop_front();
    }
    under_way_ = true;
    append_(std::move(batch), [this, since = std::move(since)](bool good) {
      under_way_ = false;
      good_ = good_ && good;
      const auto now = Clock::now();
      for (const auto& begin : since) {
        if (counting_) latencies_.push_back(std::chrono::duration<double, std::milli>(now - begin).count());
        ready_.push_back(now);
      }
      flush();
    });
  }
  void count() {
    counting_ = true;
    began_ = Clock::now();
  }
  void end() { ended_ = true; }
  bool idle() const { return !under_way_; }
  Figures figures() {
    const double seconds = std::chrono::duration<double>(Clock::now() - began_).count();
    std::sort(latencies_.begin(), latencies_.end());
    if (latencies_.empty() || !good_) return {};
    return {static_cast<double>(latencies_.size()) / seconds, latencies_[latencies_.size() / 2],
            latencies_[latencies_.size() * 99 / 100], latencies_};
  }

 private:
  Append append_;
  const std::vector<RoomId>& rooms_;
  std::uint64_t& number_;
  std::deque<Clock::time_point> ready_;
  std::vector<double> latencies_;
  Clock::time_point began_;
  bool counting_ = false;
  bool ended_ = false;
  bool under_way_ = false;
  bool good_ = true;
};

struct Place {
  std::vector<RoomId> one;
  std::vector<RoomId> many;
};

Place make_rooms(Store& store, contract::PumpExecutor& pump, const std::string& prefix) {
  std::vector<RoomId> ids;
  for (int i = 0; i < 1001; ++i) {
    store.create_room({prefix + std::to_string(i), "", Visibility::open, Keep::all, "", ""}, 0,
                      [&](Result<RoomInfo> room) { ids.push_back(room.ok() ? room->id : 0); });
  }
  pump.run_until([&] { return ids.size() == 1001; });
  Place place;
  place.one = {ids.back()};
  ids.pop_back();
  place.many = ids;
  return place;
}

Figures measure_store(Store& store, contract::PumpExecutor& pump, const std::vector<RoomId>& rooms, unsigned publishers,
                      double seconds, std::uint64_t& number) {
  Load load(
      [&](std::vector<NewEntry> batch, std::function<void(bool)> done) {
        store.append(std::move(batch), 1'764'000'000'000, [done](const Result<Results>& results) { done(results.ok()); });
      },
      rooms, publishers, number);
  const auto wait = [&](double s) {
    const auto until = Clock::now() + std::chrono::duration<double>(s);
    pump.run_until([&] { return Clock::now() >= until; });
  };
  load.flush();
  wait(0.3);
  load.count();
  wait(seconds);
  const Figures figures = load.figures();
  load.end();
  pump.run_until([&] { return load.idle(); });
  return figures;
}

// Several processes' stores, each on a thread of its own, with the publishers shared out among them, all in one room.
Figures measure_replicas(const PostgresSettings& settings, const std::vector<RoomId>& room, unsigned replicas,
                         unsigned publishers, double seconds, std::uint64_t& number) {
  std::vector<Figures> each(replicas);
  std::barrier all_open(replicas);
  std::vector<std::thread> threads;
  threads.reserve(replicas);
  for (unsigned i = 0; i < replicas; ++i) {
    threads.emplace_back([&, i, from = std::uint64_t{number + 1'000'000'000ULL * (i + 1)}]() mutable {
      net::Loop loop;
      contract::PumpExecutor pump;
      pump.drive(loop);
      auto store = open_postgres(settings, loop);
      all_open.arrive_and_wait();
      if (!store.ok()) return;
      each[i] = measure_store(**store, pump, room, publishers / replicas, seconds, from);
      bool closed = false;
      (*store)->close([&] { closed = true; });
      pump.run_until([&] { return closed; });
    });
  }
  for (std::thread& thread : threads) thread.join();
  number += 1'000'000'000ULL * (replicas + 1);
  Figures sum;
  for (const Figures& one : each) {
    if (one.rows == 0) return {};
    sum.rows += one.rows;
    sum.latencies_ms.insert(sum.latencies_ms.end(), one.latencies_ms.begin(), one.latencies_ms.end());
  }
  std::sort(sum.latencies_ms.begin(), sum.latencies_ms.end());
  sum.p50_ms = sum.latencies_ms[sum.latencies_ms.size() / 2];
  sum.p99_ms = sum.latencies_ms[sum.latencies_ms.size() * 99 / 100];
  return sum;
}

// The same calls over one blocking connection: send, wait, look at the status.
class Bare {
 public:
  Bare(const PostgresSettings& settings, postgres::EntryKeys& keys)
      : context_{std::string(16, 'b'), 16U << 20U}, keys_(keys), connection_(PQconnectdb(settings.url.c_str())) {
    exec(
        "SET search_path = parley; SET jit = off; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET "
        "enable_hashjoin = off; SET "
        "enable_mergejoin = off; SELECT raise_generation('62626262-6262-6262-6262-626262626262')");
  }
  ~Bare() { PQfinish(connection_); }
  Figures measure(const std::vector<RoomId>& rooms, unsigned publishers, double seconds, std::uint64_t& number) {
    std::vector<Clock::time_point> since(std::min<std::size_t>(publishers, batch_max), Clock::now());
    std::vector<double> latencies;
    const auto began = Clock::now();
    while (std::chrono::duration<double>(Clock::now() - began).count() < seconds) {
      std::vector<NewEntry> batch;
      for (std::size_t i = 0; i < since.size(); ++i) batch.push_back(row(rooms, number++));
      if (!append(std::move(batch))) return {};
      const auto now = Clock::now();
      for (auto& begin : since) {
        latencies.push_back(std::chrono::duration<double, std::milli>(now - begin).count());
        begin = now;
      }
    }
    const double took = std::chrono::duration<double>(Clock::now() - began).count();
    std::sort(latencies.begin(), latencies.end());
    return {static_cast<double>(latencies.size()) / took, latencies[latencies.size() / 2],
            latencies[latencies.size() * 99 / 100]};
  }

 private:
  void exec(const char* sql) { PQclear(PQexec(connection_, sql)); }
  bool append(std::vector<NewEntry> batch) {
    Reply<Results> done;
    Results results;
    const auto call = postgres::make_append(context_, keys_, std::move(batch), 1'764'000'000'000, done, results);
    postgres::Params params;
    call->encode(params, {generation_, false});
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
    params.pointers(values, lengths, formats);
    if (!prepared_) PQclear(PQprepare(connection_, "a", call->sql(), 0, nullptr));
    prepared_ = true;
    PGresult* result = PQexecPrepared(connection_, "a", params.count(), values.data(), lengths.data(), formats.data(), 1);
    const bool good = PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!good) std::fprintf(stderr, "%s\n", PQerrorMessage(connection_));
    PQclear(result);
    return good;
  }
  postgres::AppendContext context_;
  postgres::EntryKeys& keys_;
  PGconn* connection_;
  std::int64_t generation_ = 1;
  bool prepared_ = false;
};

void print(const char* what, unsigned publishers, const char* where, const Figures& figures, double bare) {
  std::printf("%-14s %10s %10u %12.0f %9.2f %9.2f", what, where, publishers, figures.rows, figures.p50_ms, figures.p99_ms);
  if (bare > 0) std::printf("   %.2f of bare", figures.rows / bare);
  std::printf("\n");
  std::fflush(stdout);
}

int run(const std::string& url, double seconds) {
  net::Loop loop;
  contract::PumpExecutor loop_pump;
  loop_pump.drive(loop);
  PostgresSettings settings;
  settings.url = url;
  auto postgres_store = open_postgres(settings, loop);
  if (!postgres_store.ok()) {
    std::fprintf(stderr, "%s\n", postgres_store.error().message.c_str());
    return 1;
  }
  const contract::TempFolder folder;
  contract::PumpExecutor pump;
  SqliteSettings sqlite_settings;
  sqlite_settings.path = folder.file("bench.db");
  auto sqlite_store = open_sqlite(sqlite_settings, pump);
  if (!sqlite_store.ok()) return 1;
  const Place in_postgres =
      make_rooms(**postgres_store, loop_pump, "bench" + std::to_string(Clock::now().time_since_epoch().count()));
  const Place in_sqlite = make_rooms(**sqlite_store, pump, "bench");
  postgres::EntryKeys keys;
  Bare bare(settings, keys);
  std::uint64_t number = static_cast<std::uint64_t>(Clock::now().time_since_epoch().count());

  std::printf("%-14s %10s %10s %12s %9s %9s\n", "store", "rooms", "publishers", "appends/s", "p50 ms", "p99 ms");
  for (const bool many : {false, true}) {
    const char* where = many ? "1000" : "1";
    for (const unsigned publishers : {1U, 10U, 100U, 1000U}) {
      const auto& rooms = many ? in_postgres.many : in_postgres.one;
      // Twice in turn, and the mean of both: what else the machine does is then in both of them.
      Figures floor = bare.measure(rooms, publishers, seconds / 2, number);
      const Figures store = measure_store(**postgres_store, loop_pump, rooms, publishers, seconds, number);
      const Figures again = bare.measure(rooms, publishers, seconds / 2, number);
      floor = {(floor.rows + again.rows) / 2, (floor.p50_ms + again.p50_ms) / 2, (floor.p99_ms + again.p99_ms) / 2, {}};
      print("bare libpq", publishers, where, floor, 0);
      print("postgres", publishers, where, store, floor.rows);
      print("sqlite", publishers, where,
            measure_store(**sqlite_store, pump, many ? in_sqlite.many : in_sqlite.one, publishers, seconds, number), 0);
    }
  }
  for (const unsigned publishers : {100U, 1000U}) {
    const Figures floor = bare.measure(in_postgres.one, publishers, seconds, number);
    print("bare libpq", publishers, "1 hot", floor, 0);
    for (const unsigned replicas : {1U, 2U, 4U}) {
      const std::string what = std::to_string(replicas) + (replicas == 1 ? " replica" : " replicas");
      print(what.c_str(), publishers, "1 hot", measure_replicas(settings, in_postgres.one, replicas, publishers, seconds, number),
            floor.rows);
    }
  }
  return 0;
}

}  // namespace
}  // namespace parley

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: %s POSTGRES-URL [SECONDS]\n", argv[0]);
    return 2;
  }
  return parley::run(argv[1], argc > 2 ? std::stod(argv[2]) : 2.0);
}
