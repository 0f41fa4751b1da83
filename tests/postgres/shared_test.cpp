// Several processes on one database, and what the database itself can refuse.

#include <gmock/gmock.h>

#include <fstream>
#include <thread>

#include "tests/contract/temp_folder.h"
#include "tests/postgres/ground.h"

namespace parley::postgres_test {
namespace {

using support::PostgresDatabase;
using support::PostgresServer;
using ::testing::HasSubstr;

MovedHeads moved(Ground& ground, const std::string& since) {
  auto answer = ground.ask<MovedHeads>([&](Reply<MovedHeads> done) { ground.store->moved_heads(since, std::move(done)); });
  EXPECT_TRUE(answer.ok()) << answer.error().message;
  return answer.ok() ? *answer : MovedHeads();
}

std::map<RoomId, Seq> by_room(const MovedHeads& heads) {
  std::map<RoomId, Seq> out;
  for (const RoomHead& each : heads.rooms) EXPECT_TRUE(out.try_emplace(each.room, each.head).second) << "a room is named twice";
  return out;
}

TEST(PostgresShared, WhatAnotherProcessAppendedIsNamed) {
  const PostgresDatabase database(PostgresServer::shared_url());
  Ground one(settings_of(database.url()));
  Ground two(settings_of(database.url()));
  const RoomId a = one.make_room("a");
  const RoomId b = one.make_room("b");
  const RoomId quiet = one.make_room("quiet");
  ASSERT_TRUE(one.append_one(message(quiet, "before")).ok());
  const MovedHeads first = moved(two, "");
  EXPECT_EQ(first.epoch, one.store->epoch());
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(one.append_one(message(a, "x")).ok());
  ASSERT_TRUE(two.append_one(message(b, "y")).ok());
  const MovedHeads second = moved(two, first.snapshot);
  EXPECT_EQ(by_room(second), (std::map<RoomId, Seq>{{a, 3}, {b, 1}}));
  for (const RoomHead& each : second.rooms) EXPECT_EQ(each.before, 0U);
  EXPECT_TRUE(moved(two, second.snapshot).rooms.empty());
  // Long afterwards the moves are gone; then every room is named rather than one missed.
  Retention retention;
  auto pruned = one.ask<std::vector<Pruned>>(
      [&](Reply<std::vector<Pruned>> done) { one.store->prune(retention, 10'000'000, std::move(done)); });
  ASSERT_TRUE(pruned.ok());
  ASSERT_TRUE(one.pump.run_until([&] { return database.run("SELECT count(*) FROM moves") == "0"; }));
  EXPECT_EQ(by_room(moved(two, first.snapshot)), (std::map<RoomId, Seq>{{a, 3}, {b, 1}, {quiet, 1}}));
}

TEST(PostgresShared, ACommitThatWasUnderWayAtTheSnapshotCountsInTheNextAnswer) {
  const PostgresDatabase database(PostgresServer::shared_url());
  Ground one(settings_of(database.url()));
  Ground two(settings_of(database.url()));
  const RoomId early = one.make_room("early");
  const RoomId late = one.make_room("late");
  // A transaction that begins first and commits last, as an append does that waits for its disk.
  std::thread slow([&] {
    (void)database.run("BEGIN; INSERT INTO moves VALUES (pg_current_xact_id(), gen_random_uuid(), 1, 1, ARRAY[" +
                       std::to_string(late) + "]::int8[], '{0}', '{7}'); SELECT pg_sleep(0.5); COMMIT");
  });
  ASSERT_TRUE(one.pump.run_until([&] {
    return database.run("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'") ==
           "1";
  }));
  ASSERT_TRUE(one.append_one(message(early, "x")).ok());
  const MovedHeads first = moved(two, "");
  EXPECT_TRUE(by_room(moved(two, first.snapshot)).empty());
  slow.join();
  EXPECT_EQ(by_room(moved(two, first.snapshot)), (std::map<RoomId, Seq>{{late, 7}}));
}

// Every number below a visible one is there and readable, whoever wrote it.
TEST(PostgresShared, FourWritersLeaveNoHoleAndShareCids) {
  const PostgresDatabase database(PostgresServer::shared_url());
  Ground ground(settings_of(database.url()));
  std::vector<RoomId> rooms;
  for (int i = 0; i < 5; ++i) rooms.push_back(ground.make_room("r" + std::to_string(i)));
  std::atomic<unsigned> fresh = 0;
  std::atomic<unsigned> answered = 0;
  std::vector<std::thread> writers;
  for (int w = 0; w < 4; ++w) {
    writers.emplace_back([&, w] {
      Ground own(settings_of(database.url()));
      for (int round = 0; round < 25; ++round) {
        std::vector<NewEntry> batch;
        // The same cids from all four, in orders of their own.
        for (int i = 0; i < 20; ++i) {
          const int n = round * 20 + (w % 2 == 0 ? i : 19 - i);
          batch.push_back(message(rooms[static_cast<std::size_t>(n) % rooms.size()], std::to_string(n), "c" + std::to_string(n)));
        }
        auto results = own.ask<Batch>([&](Reply<Batch> done) { own.store->append(std::move(batch), 1, std::move(done)); });
        ASSERT_TRUE(results.ok()) << results.error().message;
        for (const auto& each : *results) {
          ASSERT_TRUE(each.ok()) << each.error().message;
          fresh += each->duplicate ? 0 : 1;
          ++answered;
        }
      }
    });
  }
  for (std::thread& each : writers) each.join();
  EXPECT_EQ(answered, 2000U);
  EXPECT_EQ(fresh, 500U);
  for (const RoomId room : rooms) {
    const LogPage page = ground.read(room);
    ASSERT_EQ(page.entries.size(), 100U);
    for (std::size_t i = 0; i < page.entries.size(); ++i) EXPECT_EQ(page.entries[i]->seq, i + 1);
  }
}

// A constraint that nobody expects stands for whatever the database may refuse: only the entry at fault fails.
TEST(PostgresShared, OneEntryThatTheDatabaseRefusesFailsAlone) {
  const PostgresDatabase database(PostgresServer::shared_url());
  Ground ground(settings_of(database.url()));
  const RoomId a = ground.make_room("a");
  const RoomId b = ground.make_room(std::string(65'535, 'b'));
  (void)database.run("ALTER TABLE entries ADD CHECK (body <> 'poison')");
  ASSERT_TRUE(ground.append_one(message(a, "known", "k")).ok());
  NewEntry edit = message(a, "edited");
  edit.type = EntryType::edit;
  edit.target = 1;
  std::vector<NewEntry> batch = {message(a, "1"),          message(a, "poison"), edit,
                                 message(b, "2", "c"),     message(b, "2", "c"), message(a, "known", "k"),
                                 message(a, "poison", "p")};
  auto results = ground.ask<Batch>([&](Reply<Batch> done) { ground.store->append(std::move(batch), 1, std::move(done)); });
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_EQ((*results)[0]->seq, 2U);
  EXPECT_EQ((*results)[1].error().code, Code::internal);
  EXPECT_THAT((*results)[1].error().message, HasSubstr("check constraint"));
  EXPECT_EQ((*results)[2]->seq, 3U);
  EXPECT_EQ((*results)[3]->seq, 1U);
  EXPECT_FALSE((*results)[3]->duplicate);
  EXPECT_TRUE((*results)[4]->duplicate);
  EXPECT_TRUE((*results)[5]->duplicate);
  EXPECT_EQ((*results)[6].error().code, Code::internal);
  EXPECT_EQ(ground.read(a).entries.size(), 3U);
  EXPECT_EQ(ground.read(a).entries[0]->body, "edited");
  ASSERT_TRUE(ground.append_one(message(a, "4")).ok());
}

TEST(PostgresShared, ANewerSchemaAndAForeignOneAreRefused) {
  const PostgresDatabase database(PostgresServer::shared_url());
  net::Loop loop;
  EXPECT_GE(*migrate_postgres(settings_of(database.url())), 3);
  (void)database.run("UPDATE meta SET value = '999' WHERE key = 'schema'");
  auto refused = open_postgres(settings_of(database.url()), loop);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("newer parley"));
  (void)database.run("DROP SCHEMA parley CASCADE; CREATE SCHEMA parley; CREATE TABLE parley.theirs ()");
  EXPECT_EQ(open_postgres(settings_of(database.url()), loop).error().code, Code::conflict);
}

TEST(PostgresShared, ANewEpochIsSeenByThoseWhoAreRunning) {
  const PostgresDatabase database(PostgresServer::shared_url());
  Ground ground(settings_of(database.url()));
  const std::string old = ground.store->epoch();
  EXPECT_EQ(old.size(), 12U);
  const auto bumped = bump_postgres_epoch(settings_of(database.url()));
  ASSERT_TRUE(bumped.ok()) << bumped.error().message;
  EXPECT_NE(*bumped, old);
  EXPECT_EQ(moved(ground, "").epoch, *bumped);
  EXPECT_EQ(ground.store->epoch(), *bumped);
  // Restored elsewhere: another system identifier, timeline or database.
  (void)database.run("UPDATE meta SET value = 'another place' WHERE key = 'place'");
  Ground next(settings_of(database.url()));
  EXPECT_NE(next.store->epoch(), *bumped);
  Ground again(settings_of(database.url()));
  EXPECT_EQ(again.store->epoch(), next.store->epoch()) << "a restart keeps it";
}

TEST(PostgresShared, AUserWithAPasswordFromAFileAndNoMoreRightsThanNeeded) {
  PostgresServer server;
  (void)support::run_sql(server.url(), "CREATE USER app PASSWORD 'fake-password-for-tests'");
  (void)support::run_sql(server.url(), "CREATE DATABASE app OWNER app");
  (void)support::run_sql(
      server.url(),
      "COPY (SELECT 'local all all trust' UNION ALL SELECT 'host all app 127.0.0.1/32 scram-sha-256' UNION ALL "
      "SELECT 'host all all 127.0.0.1/32 trust') TO '" +
          server.folder() + "/data/pg_hba.conf'");
  (void)support::run_sql(server.url(), "SELECT pg_reload_conf()");
  const contract::TempFolder folder;
  std::ofstream(folder.file("password")) << "fake-password-for-tests\n";
  PostgresSettings settings = settings_of("postgres://app@127.0.0.1:" + std::to_string(server.port()) + "/app");
  EXPECT_EQ(migrate_postgres(settings).error().code, Code::unauthorized);
  settings.password_file = folder.file("no such file");
  EXPECT_EQ(migrate_postgres(settings).error().code, Code::bad_request);
  settings.password_file = folder.file("password");
  Ground ground(settings);
  ASSERT_NE(ground.store, nullptr);
  const RoomId room = ground.make_room("a");
  EXPECT_TRUE(ground.append_one(message(room, "x")).ok());
  const auto durability = ground.ask<Durability>([&](Reply<Durability> done) { ground.store->durability(std::move(done)); });
  EXPECT_EQ(*durability, Durability::local);
  (void)support::run_sql(server.url(), "ALTER SYSTEM SET synchronous_standby_names = 'none'");
  (void)support::run_sql(server.url(), "SELECT pg_reload_conf()");
  EXPECT_TRUE(ground.pump.run_until([&] { return support::run_sql(server.url(), "SHOW synchronous_standby_names") == "none"; }));
  EXPECT_EQ(*ground.ask<Durability>([&](Reply<Durability> done) { ground.store->durability(std::move(done)); }),
            Durability::replicated);
}

TEST(PostgresShared, WhatCannotBeReachedSaysSo) {
  PostgresSettings settings = settings_of("postgres://nobody@127.0.0.1:1/none");
  settings.start_wait_ms = 0;
  EXPECT_EQ(migrate_postgres(settings).error().code, Code::unavailable);
  settings.url = "postgres://user:secret@[broken/none";
  const auto refused = migrate_postgres(settings);
  EXPECT_EQ(refused.error().code, Code::bad_request);
  EXPECT_THAT(refused.error().message, ::testing::Not(HasSubstr("secret")));
}

}  // namespace
}  // namespace parley::postgres_test
