// Servers that die, stop or cannot be reached in the middle of commits. After each: acknowledged is stored once, refused is not
// stored, no hole.

#include <random>
#include <thread>

#include "tests/postgres/ground.h"

namespace parley::postgres_test {
namespace {

using support::PostgresDatabase;
using support::PostgresServer;
using support::TcpProxy;

int port_of(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

// Appends without a pause, some batches at once, until told to stop.
class Load {
 public:
  Load(Ground& ground, std::vector<RoomId> rooms, unsigned seed) : ground_(ground), rooms_(std::move(rooms)), random_(seed) {}

  void start(int batches_at_once) {
    for (int i = 0; i < batches_at_once; ++i) send();
  }
  void stop() {
    stopping_ = true;
    EXPECT_TRUE(ground_.pump.run_until([this] { return under_way_ == 0; }));
  }
  bool run_until_acked(std::size_t count) {
    return ground_.pump.run_until([this, count] { return ledger.acked.size() >= count; });
  }
  Ledger ledger;

 private:
  void send() {
    if (stopping_) return;
    std::vector<NewEntry> batch;
    std::vector<std::pair<std::string, RoomId>> bodies;
    const std::size_t size = 1 + random_() % 40;
    for (std::size_t i = 0; i < size; ++i) {
      const RoomId room = rooms_[random_() % rooms_.size()];
      const std::string body = "body " + std::to_string(++count_);
      batch.push_back(message(room, body, random_() % 2 == 0 ? "cid " + std::to_string(count_) : ""));
      bodies.emplace_back(body, room);
    }
    ++under_way_;
    ground_.store->append(std::move(batch), 1000, [this, bodies = std::move(bodies)](Result<Batch> results) {
      --under_way_;
      for (std::size_t i = 0; i < bodies.size(); ++i) {
        ledger.note(bodies[i].first, bodies[i].second, results.ok() ? (*results)[i] : Result<Appended>(results.error()));
      }
      // One that was refused is answered at once: not to run in circles meanwhile.
      if (results.ok()) return send();
      pause_.push_back(std::make_unique<net::Timer>(ground_.loop));
      pause_.back()->once(20, [this] { send(); });
    });
  }

  Ground& ground_;
  const std::vector<RoomId> rooms_;
  std::mt19937 random_;
  int count_ = 0;
  int under_way_ = 0;
  bool stopping_ = false;
  std::vector<std::unique_ptr<net::Timer>> pause_;
};

TEST(PostgresFaults, AnswersThatGetLostAreSettled) {
  const PostgresDatabase database(PostgresServer::shared_url());
  TcpProxy proxy(port_of(database.url()));
  Ground ground(settings_of(database.url_at_port(proxy.port())));
  const std::vector<RoomId> rooms = {ground.make_room("a"), ground.make_room("b"), ground.make_room("c")};
  Load load(ground, rooms, 1);
  load.start(3);
  for (int round = 1; round <= 12; ++round) {
    ASSERT_TRUE(load.run_until_acked(load.ledger.acked.size() + 50));
    const int before = proxy.events();
    round % 3 == 0 ? proxy.keep_next_request() : proxy.lose_next_answer();
    ASSERT_TRUE(ground.pump.run_until([&] { return proxy.events() > before; }));
  }
  ASSERT_TRUE(load.run_until_acked(load.ledger.acked.size() + 50));
  load.stop();
  load.ledger.check(ground, rooms);
  EXPECT_EQ(load.ledger.refused.size(), 0U) << "the database was there all the time";
}

TEST(PostgresFaults, EffectsOfAnUncertainCommitHappenOnce) {
  const PostgresDatabase database(PostgresServer::shared_url());
  TcpProxy proxy(port_of(database.url()));
  Ground ground(settings_of(database.url_at_port(proxy.port())));
  const RoomId room = ground.make_room("a");
  ASSERT_TRUE(ground.append_one(message(room, "1")).ok());
  NewEntry join = message(room, "{}", "join");
  join.type = EntryType::join;
  join.member = MemberChange{"ada", "ada", Role::member};
  NewEntry edit = message(room, "edited");
  edit.type = EntryType::edit;
  edit.target = 1;
  std::vector<NewEntry> batch = {join, edit, message(room, "4", "c4"), message(room, "4", "c4"), message(room, "5", "c4")};
  proxy.lose_next_answer();
  auto results = ground.ask<Batch>([&](Reply<Batch> done) { ground.store->append(std::move(batch), 1000, std::move(done)); });
  ASSERT_TRUE(results.ok()) << results.error().message;
  EXPECT_GE(proxy.events(), 1);
  EXPECT_EQ((*results)[0]->seq, 2U);
  EXPECT_FALSE((*results)[0]->duplicate);
  EXPECT_EQ((*results)[1]->seq, 3U);
  EXPECT_EQ((*results)[2]->seq, 4U);
  EXPECT_FALSE((*results)[2]->duplicate);
  EXPECT_TRUE((*results)[3].ok() && (*results)[3]->duplicate && (*results)[3]->seq == 4);
  EXPECT_EQ((*results)[4].error().code, Code::conflict);
  EXPECT_EQ(ground.read(room).head, 4U);
  const auto view = ground.ask<RoomView>([&](Reply<RoomView> done) { ground.store->view_room(room, "ada", std::move(done)); });
  EXPECT_EQ(view->room.members, 1U);
  EXPECT_EQ(view->role, Role::member);
}

// The network delivers a call late: after it was sent again, answered, and what it had appended was pruned, so that nothing of it
// is known any more.
TEST(PostgresFaults, ACallThatArrivesLateIsFenced) {
  const PostgresDatabase database(PostgresServer::shared_url());
  TcpProxy proxy(port_of(database.url()));
  Ground ground(settings_of(database.url_at_port(proxy.port())));
  const RoomId room = ground.make_room("a");
  ASSERT_TRUE(ground.append_one(message(room, "1")).ok());  // so that its statement is prepared, and the call is one packet
  proxy.keep_next_request("late");
  const auto appended = ground.append_one(message(room, "late", "c"));
  ASSERT_TRUE(appended.ok()) << appended.error().message;
  EXPECT_EQ(appended->seq, 2U);
  ASSERT_TRUE(ground.append_one(message(room, "3")).ok());
  Retention retention;
  retention.entries_max = 1;
  const auto pruned = ground.ask<std::vector<Pruned>>(
      [&](Reply<std::vector<Pruned>> done) { ground.store->prune(retention, 2000, std::move(done)); });
  ASSERT_TRUE(pruned.ok()) << pruned.error().message;
  proxy.release_kept();
  // Its end shows in the server's statistics: nothing of this database is active any more but who asks.
  ASSERT_TRUE(ground.pump.run_until([&] {
    return database.run(
               "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'active' AND pid <> "
               "pg_backend_pid()") == "0";
  }));
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(ground.read(room).head, 3U) << "the late call was taken";
}

// The old call is still running when the new connection comes: it must be waited for.
TEST(PostgresFaults, ACallStillRunningIsWaitedFor) {
  const PostgresDatabase database(PostgresServer::shared_url());
  TcpProxy proxy(port_of(database.url()));
  Ground ground(settings_of(database.url_at_port(proxy.port())));
  const RoomId room = ground.make_room("a");
  ASSERT_TRUE(ground.append_one(message(room, "1")).ok());
  std::thread holder([&] { (void)database.run("BEGIN; SELECT FROM heads FOR UPDATE; SELECT pg_sleep(0.7); COMMIT"); });
  const auto waiting = [&] {
    return database.run(
               "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'") != "0";
  };
  ASSERT_TRUE(ground.pump.run_until(
      [&] { return database.run("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") != "0"; }));
  std::optional<Result<Batch>> answer;
  ground.store->append({message(room, "2"), message(room, "3", "c3")}, 1000,
                       [&](Result<Batch> results) { answer = std::move(results); });
  ASSERT_TRUE(ground.pump.run_until(waiting));
  proxy.cut();
  ASSERT_TRUE(ground.pump.run_until([&] { return answer.has_value(); }));
  holder.join();
  ASSERT_TRUE(answer->ok());
  EXPECT_EQ((**answer)[0]->seq, 2U);
  EXPECT_EQ((**answer)[1]->seq, 3U);
  EXPECT_FALSE((**answer)[1]->duplicate);
  EXPECT_EQ(ground.read(room).head, 3U);
}

TEST(PostgresFaults, AServerKilledInTheMiddleOfCommitsAndStartedAgain) {
  PostgresServer server;
  const PostgresDatabase database(server.url());
  Ground ground(settings_of(database.url()));
  const std::vector<RoomId> rooms = {ground.make_room("a"), ground.make_room("b")};
  Load load(ground, rooms, 2);
  load.start(4);
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(load.run_until_acked(load.ledger.acked.size() + 200));
    server.kill_hard();
    ASSERT_TRUE(ground.pump.run_until([&] { return !ground.store->available(); }));
    const auto refused = ground.ask<Nothing>([&](Reply<Nothing> done) { ground.store->probe(std::move(done)); });
    EXPECT_EQ(refused.error().code, Code::unavailable);
    server.start_again();
    ASSERT_TRUE(ground.pump.run_until([&] { return ground.store->available(); }));
  }
  ASSERT_TRUE(load.run_until_acked(load.ledger.acked.size() + 200)) << "it goes on without a restart";
  load.stop();
  load.ledger.check(ground, rooms);
}

TEST(PostgresFaults, AServerThatStopsForAWhile) {
  PostgresServer server;
  const PostgresDatabase database(server.url());
  PostgresSettings settings = settings_of(database.url());
  settings.statement_timeout_ms = 300;
  settings.answer_grace_ms = 200;
  settings.connect_timeout_ms = 300;
  Ground ground(settings);
  const std::vector<RoomId> rooms = {ground.make_room("a")};
  Load load(ground, rooms, 3);
  load.start(2);
  for (int round = 0; round < 2; ++round) {
    ASSERT_TRUE(load.run_until_acked(load.ledger.acked.size() + 100));
    server.freeze();
    ASSERT_TRUE(ground.pump.run_until([&] { return !ground.store->available(); }));
    server.thaw();
    ASSERT_TRUE(ground.pump.run_until([&] { return ground.store->available(); }));
  }
  ASSERT_TRUE(load.run_until_acked(load.ledger.acked.size() + 100));
  load.stop();
  load.ledger.check(ground, rooms);
}

TEST(PostgresFaults, ClosingDoesNotWaitForADatabaseThatIsAway) {
  const PostgresDatabase database(PostgresServer::shared_url());
  TcpProxy proxy(port_of(database.url()));
  PostgresSettings settings = settings_of(database.url_at_port(proxy.port()));
  settings.close_wait_ms = 300;
  Ground ground(settings);
  const RoomId room = ground.make_room("a");
  bool answered = false;
  proxy.accept_connections(false);
  proxy.keep_next_request("unanswered");
  ground.store->append({message(room, "unanswered")}, 1, [&](Result<Batch>) { answered = true; });
  ASSERT_TRUE(ground.pump.run_until([&] { return !ground.store->available(); }));
  EXPECT_TRUE(ground.close());
  EXPECT_FALSE(answered) << "its outcome is not known, so nothing may be said";
}

}  // namespace
}  // namespace parley::postgres_test
