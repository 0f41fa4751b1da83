// Answers of MQTT calls that get lost: a call that is sent again answers the same, and a late one changes nothing.

#include "storage/mqtt_store.h"
#include "tests/postgres/ground.h"

namespace parley::postgres_test {
namespace {

using support::PostgresDatabase;
using support::PostgresServer;
using support::TcpProxy;
using Claims = std::vector<Result<std::vector<SeqRange>>>;

int port_of(const std::string& url) { return std::stoi(url.substr(url.rfind(':') + 1)); }

class PostgresMqttFaults : public ::testing::Test {
 protected:
  MqttStore& mqtt() { return *ground.store->mqtt(); }
  SessionOpened open(const std::string& client_id) {
    SessionOpening opening;
    opening.client_id = client_id;
    opening.user_id = "u";
    opening.owner = "here";
    opening.expiry_s = 3600;
    opening.will.emplace();
    opening.will->topic = "wills";
    auto opened =
        ground.ask<SessionOpened>([&](Reply<SessionOpened> done) { mqtt().open_session(opening, 1000, std::move(done)); });
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.ok() ? std::move(*opened) : SessionOpened();
  }
  void renew() {
    ASSERT_TRUE(ground.ask<Nothing>([&](Reply<Nothing> done) { mqtt().renew_lease("here", 1'000'000, std::move(done)); }).ok());
  }
  void subscribe(SessionKey key, const std::string& filter) {
    MqttSubscription subscription;
    subscription.filter = filter;
    subscription.qos = mqtt::QoS::at_least_once;
    ASSERT_TRUE(
        ground.ask<RoomsPage>([&](Reply<RoomsPage> done) { mqtt().subscribe(key, subscription, {}, std::move(done)); }).ok());
  }
  std::vector<SeqRange> claim(SessionKey key, RoomId room, unsigned entries) {
    auto answer = ground.ask<Claims>([&](Reply<Claims> done) {
      mqtt().claim({{key, "$share/g/a", room, entries}}, std::move(done));
    });
    EXPECT_TRUE(answer.ok() && answer->front().ok());
    return answer.ok() && answer->front().ok() ? *answer->front() : std::vector<SeqRange>();
  }
  Status save_low(SessionKey key, RoomId room, Seq low) {
    std::vector<SessionSave> saves(1);
    saves[0].session = key;
    saves[0].cursors.push_back({room, low, {}});
    auto saved =
        ground.ask<std::vector<Status>>([&](Reply<std::vector<Status>> done) { mqtt().save(std::move(saves), std::move(done)); });
    return saved.ok() ? saved->front() : Status(saved.error());
  }

  const PostgresDatabase database{PostgresServer::shared_url()};
  TcpProxy proxy{port_of(database.url())};
  Ground ground{settings_of(database.url_at_port(proxy.port()))};
};

TEST_F(PostgresMqttFaults, AnOpeningWhoseAnswerWasLostIsNoTakeOver) {
  renew();
  const SessionOpened first = open("c");
  proxy.lose_next_answer();
  const SessionOpened second = open("c");
  EXPECT_EQ(proxy.events(), 1);
  EXPECT_TRUE(second.present);
  EXPECT_EQ(second.key.generation, first.key.generation + 1) << "once";
  EXPECT_EQ(second.previous, first.key);
  EXPECT_EQ(second.previous_owner, "here");
  EXPECT_EQ(second.wills.size(), 1U) << "that of the connection before alone";
}

TEST_F(PostgresMqttFaults, AClaimWhoseAnswerWasLostIsTheSameClaim) {
  renew();
  const RoomId room = ground.make_room("a");
  const SessionKey key = open("c").key;
  subscribe(key, "$share/g/a");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ground.append_one(message(room, "x")).ok());
  proxy.lose_next_answer();
  EXPECT_EQ(claim(key, room, 4), (std::vector<SeqRange>{{1, 4}}));
  EXPECT_EQ(proxy.events(), 1);
  EXPECT_EQ(claim(key, room, 100), (std::vector<SeqRange>{{5, 10}}));
}

TEST_F(PostgresMqttFaults, APacketWhoseAnswerWasLostIsOneEntry) {
  renew();
  const RoomId room = ground.make_room("a");
  const SessionKey key = open("c").key;
  NewEntry entry = message(room, "once");
  entry.inbound = InboundPacket{key, 7};
  proxy.lose_next_answer();
  const auto first = ground.append_one(entry);
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(proxy.events(), 1);
  EXPECT_FALSE(first->duplicate) << "it is the call's own entry";
  const auto again = ground.append_one(entry);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(ground.read(room).head, 1U);
}

TEST_F(PostgresMqttFaults, ALateSaveChangesNothing) {
  renew();
  const RoomId room = ground.make_room("a");
  const SessionKey key = open("c").key;
  subscribe(key, "a");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(ground.append_one(message(room, "x")).ok());
  proxy.keep_next_request();
  ASSERT_TRUE(save_low(key, room, 3).ok());
  EXPECT_EQ(proxy.events(), 1);
  ASSERT_TRUE(save_low(key, room, 10).ok());
  proxy.release_kept();
  // Behind whatever the server still does with it.
  for (int i = 0; i < 20; ++i) {
    const std::string low = database.run("SELECT low FROM parley.mqtt_cursors");
    ASSERT_EQ(low, "10") << "the old call was fenced";
    database.run("SELECT pg_sleep(0.01)");
  }
}

}  // namespace
}  // namespace parley::postgres_test
