#pragma once

// Stores on one PostgreSQL database, and what every test of them asks at the end: acknowledged is stored, once, without a hole.

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <set>

#include "storage/postgres/postgres_store.h"
#include "tests/contract/pump_executor.h"
#include "tests/support/postgres_server.h"
#include "tests/support/tcp_proxy.h"

namespace parley::postgres_test {

using Batch = std::vector<Result<Appended>>;

// A store on a loop that the test's own thread runs.
class Ground {
 public:
  explicit Ground(PostgresSettings settings) : settings_(std::move(settings)) {
    pump.drive(loop);
    open();
  }
  ~Ground() { store.reset(); }

  void open() {
    auto opened = open_postgres(settings_, loop);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store = std::move(*opened);
  }
  bool close() {
    bool closed = false;
    store->close([&] { closed = true; });
    const bool answered = pump.run_until([&] { return closed; });
    store.reset();
    return answered;
  }
  template <typename T, typename Call>
  Result<T> ask(Call call) {
    std::optional<Result<T>> answer;
    call(Reply<T>([&](Result<T> result) { answer = std::move(result); }));
    if (!pump.run_until([&] { return answer.has_value(); })) return Error{Code::internal, "the store did not answer"};
    return std::move(*answer);
  }
  RoomId make_room(const std::string& name) {
    auto room = ask<RoomInfo>([&](Reply<RoomInfo> done) {
      store->create_room({name, "", Visibility::open, Keep::all, "", ""}, 1, std::move(done));
    });
    EXPECT_TRUE(room.ok()) << room.error().message;
    return room.ok() ? room->id : 0;
  }
  Result<Appended> append_one(NewEntry entry) {
    std::vector<NewEntry> batch;
    batch.push_back(std::move(entry));
    auto results = ask<Batch>([&](Reply<Batch> done) { store->append(std::move(batch), 1000, std::move(done)); });
    return results.ok() ? results->front() : Result<Appended>(results.error());
  }
  LogPage read(RoomId room, Seq after = 0) {
    auto page = ask<LogPage>([&](Reply<LogPage> done) { store->read(room, after, 100'000, 1U << 30U, std::move(done)); });
    EXPECT_TRUE(page.ok()) << page.error().message;
    return page.ok() ? std::move(*page) : LogPage();
  }

  net::Loop loop;
  contract::PumpExecutor pump;
  std::unique_ptr<Store> store;

 private:
  const PostgresSettings settings_;
};

inline PostgresSettings settings_of(const std::string& url) {
  PostgresSettings settings;
  settings.url = url;
  settings.readers = 1;
  settings.backoff_max_ms = 200;
  return settings;
}

inline NewEntry message(RoomId room, const std::string& body, const std::string& cid = "") {
  NewEntry entry;
  entry.room = room;
  entry.user_id = "u";
  entry.user_name = "u";
  entry.body = body;
  entry.cid = cid;
  return entry;
}

// What became of the bodies that were appended; every body is another one.
struct Ledger {
  std::map<std::string, std::pair<RoomId, Seq>> acked;
  std::set<std::string> refused;

  void note(const std::string& body, RoomId room, const Result<Appended>& result) {
    if (result.ok()) {
      EXPECT_FALSE(result->duplicate) << body << " was sent once by its publisher";
      acked[body] = {room, result->seq};
    } else {
      EXPECT_EQ(result.error().code, Code::unavailable) << result.error().message;
      refused.insert(body);
    }
  }
  void check(Ground& ground, const std::vector<RoomId>& rooms) const {
    std::map<std::string, std::pair<RoomId, Seq>> stored;
    for (const RoomId room : rooms) {
      const LogPage page = ground.read(room);
      EXPECT_EQ(page.head, page.entries.size()) << "a hole, or entries beyond the head";
      Seq next = 0;
      for (const EntryPtr& entry : page.entries) {
        EXPECT_EQ(entry->seq, ++next);
        EXPECT_TRUE(stored.try_emplace(entry->body, room, entry->seq).second) << entry->body << " is there twice";
      }
    }
    for (const auto& [body, place] : acked) {
      const auto found = stored.find(body);
      ASSERT_NE(found, stored.end()) << body << " was acknowledged and is not there";
      EXPECT_EQ(found->second, place) << body << " lies somewhere else than acknowledged";
    }
    for (const std::string& body : refused) EXPECT_FALSE(stored.contains(body)) << body << " was refused and is there";
    EXPECT_EQ(stored.size(), acked.size());
  }
};

}  // namespace parley::postgres_test
