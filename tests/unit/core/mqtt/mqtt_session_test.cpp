#include <gtest/gtest.h>

#include "tests/unit/core/mqtt/mqtt_world.h"

namespace parley::mqtt {
namespace {

using testing::MqttWorld;
using testing::payloads;
using testing::Peer;
using Texts = std::vector<std::string>;

class MqttSession : public ::testing::Test {
 protected:
  MqttWorld world;
};

TEST_F(MqttSession, WhatIsPublishedOnOneWorkerArrivesOnTheOtherInOrder) {
  auto reader = world.connect("reader", {.worker = 1});
  auto writer = world.connect("writer");
  EXPECT_EQ(world.subscribe(*reader, "a/+", QoS::at_least_once), std::vector{Reason::granted_qos_1});
  for (const char* text : {"1", "2", "3"}) world.publish(*writer, "a/b", text);
  EXPECT_EQ(payloads(*reader), (Texts{"1", "2", "3"}));
  EXPECT_EQ(writer->take_all<Puback>().size(), 3U);
}

TEST_F(MqttSession, QoS0InARoomMadeByMqttIsASignalAndStillArrivesFirst) {
  auto reader = world.connect("reader", {.worker = 1});
  auto writer = world.connect("writer");
  world.subscribe(*reader, "#", QoS::at_least_once);
  world.publish(*writer, "fresh/room", "zero", QoS::at_most_once);
  EXPECT_EQ(payloads(*reader), Texts{"zero"});
}

TEST_F(MqttSession, WhatAClientPublishedBeforeItSubscribesIsInTheRoomFirst) {
  auto peer = world.connect("eager");
  peer->take();
  const auto retained = [&](std::string_view payload) {
    Publish packet;
    packet.topic = "a";
    packet.payload = payload;
    packet.retain = true;
    peer->say(packet);
  };
  retained("kept");
  EXPECT_EQ(world.subscribe(*peer, "a", QoS::at_least_once), std::vector{Reason::granted_qos_1});
  Unsubscribe leave;
  leave.packet_id = 2;
  leave.filters.emplace_back("a");
  peer->say(leave);
  world.run();
  peer->take();
  Subscribe packet;
  packet.packet_id = 3;
  packet.subscriptions.push_back({"a", QoS::at_least_once, false, false, RetainHandling::send});
  retained("newer");
  peer->say(packet);
  world.run();
  const std::vector<Publish> first = peer->take_all<Publish>();
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].payload, "newer");
  EXPECT_TRUE(first[0].retain);
  peer->say(leave);
  retained("");
  peer->say(packet);
  peer->say(Pingreq{});
  world.run();
  const std::vector<Packet> last = peer->take();
  ASSERT_EQ(last.size(), 3U);
  EXPECT_TRUE(std::holds_alternative<Unsuback>(last[0]));
  EXPECT_TRUE(std::holds_alternative<Suback>(last[1]) || std::holds_alternative<Pingresp>(last[1]));
  EXPECT_FALSE(peer->paused);
}

TEST_F(MqttSession, APubrelThatDoesNotWaitForPubrecIsAnsweredBehindIt) {
  auto peer = world.connect("eager");
  peer->take();
  for (int round = 0; round < 2; ++round) {
    Publish packet;
    packet.topic = "a";
    packet.payload = "x";
    packet.qos = QoS::exactly_once;
    packet.packet_id = 7;
    peer->say(packet);
    peer->say(Pubrel{{7, Reason::success, {}}});
    world.run();
    const std::vector<Packet> answers = peer->take();
    ASSERT_EQ(answers.size(), 2U);
    EXPECT_EQ(std::get<Pubrec>(answers[0]).reason, Reason::success);
    EXPECT_EQ(std::get<Pubcomp>(answers[1]).reason, Reason::success);
  }
}

TEST_F(MqttSession, AClientWhoseMaximumPacketSizeHasNoRoomForConnackIsRefused) {
  Peer peer(world.workers[0]->exchange, Version::v5);
  Connect packet;
  packet.version = Version::v5;
  packet.client_id = "tiny";
  packet.properties.maximum_packet_size = 8;
  peer.say(packet);
  world.run();
  EXPECT_EQ(MqttWorld::connack(peer).reason, Reason::packet_too_large);
  EXPECT_TRUE(peer.closed);
}

TEST_F(MqttSession, OverlappingSubscriptionsDeliverOnceWithTheHighestQoSAndAllIdentifiers) {
  auto reader = world.connect("reader");
  world.subscribe(*reader, "a/#", QoS::at_most_once, 7);
  world.subscribe(*reader, "a/b", QoS::exactly_once, 9);
  auto writer = world.connect("writer");
  world.publish(*writer, "a/b", "x", QoS::exactly_once);
  std::vector<Publish> got = reader->take_all<Publish>();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_EQ(got[0].qos, QoS::exactly_once);
  std::sort(got[0].properties.subscription_ids.begin(), got[0].properties.subscription_ids.end());
  EXPECT_EQ(got[0].properties.subscription_ids, (std::vector<std::uint32_t>{7, 9}));
}

TEST_F(MqttSession, NoMoreIsUnderWayThanReceiveMaximumAndTheRestFollows) {
  auto reader = world.connect("reader", {.receive_maximum = 2});
  world.subscribe(*reader, "a", QoS::at_least_once);
  auto writer = world.connect("writer");
  for (const char* text : {"1", "2", "3", "4", "5"}) world.publish(*writer, "a", text);
  std::vector<Publish> got = reader->take_all<Publish>();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].packet_id, 1);
  reader->say(Puback{{got[0].packet_id, Reason::success, {}}});
  world.run();
  EXPECT_EQ(payloads(*reader), Texts{"3"});
}

TEST_F(MqttSession, ASessionThatWasAwayGetsEverythingInOrderAlsoFromRoomsMadeMeanwhile) {
  auto reader = world.connect("reader", {.clean = false, .expiry_s = 100});
  world.subscribe(*reader, "a/#", QoS::at_least_once);
  auto writer = world.connect("writer", {.worker = 1});
  world.publish(*writer, "a/1", "before");
  for (const Publish& p : reader->take_all<Publish>()) reader->say(Puback{{p.packet_id, Reason::success, {}}});
  reader.reset();
  world.run();
  for (int i = 0; i < 600; ++i) world.publish(*writer, "a/1", std::to_string(i));
  world.publish(*writer, "a/2", "new room");
  reader = world.connect("reader", {.clean = false, .expiry_s = 100, .worker = 1});
  Texts first;
  Texts second;
  bool present = false;
  for (bool more = true; more;) {
    more = false;
    for (const Packet& packet : reader->take()) {
      if (const auto* connack = std::get_if<Connack>(&packet)) present = connack->session_present;
      const auto* publish = std::get_if<Publish>(&packet);
      if (publish == nullptr) continue;
      (publish->topic == "a/1" ? first : second).emplace_back(publish->payload);
      const std::uint16_t id = publish->packet_id;
      world.workers[1]->executor.post([&reader, id] { reader->say(Puback{{id, Reason::success, {}}}); });
      more = true;
    }
    world.run();
  }
  EXPECT_TRUE(present);
  ASSERT_EQ(first.size(), 600U);
  for (int i = 0; i < 600; ++i) EXPECT_EQ(first[static_cast<std::size_t>(i)], std::to_string(i));
  EXPECT_EQ(second, Texts{"new room"});
}

TEST_F(MqttSession, WhatWasUnderWayIsSentAgainWithItsIdentifierAndDup) {
  auto reader = world.connect("reader", {.clean = false, .expiry_s = 100});
  world.subscribe(*reader, "a", QoS::exactly_once);
  auto writer = world.connect("writer");
  world.publish(*writer, "a", "one", QoS::exactly_once);
  world.publish(*writer, "a", "two", QoS::exactly_once);
  ASSERT_EQ(reader->take_all<Publish>().size(), 2U);
  reader->say(Pubrec{{1, Reason::success, {}}});
  reader.reset();
  world.run();
  reader = world.connect("reader", {.clean = false, .expiry_s = 100});
  const std::vector<Packet> packets = reader->take();
  ASSERT_EQ(packets.size(), 3U);
  EXPECT_TRUE(std::get<Connack>(packets[0]).session_present);
  EXPECT_EQ(std::get<Pubrel>(packets[1]).packet_id, 1);
  EXPECT_EQ(std::get<Publish>(packets[2]).packet_id, 2);
  EXPECT_TRUE(std::get<Publish>(packets[2]).dup);
}

TEST_F(MqttSession, AnotherConnectionWithTheIdentifierTakesTheSessionOverFromAnotherWorker) {
  auto old = world.connect("same", {.clean = false, .expiry_s = 100});
  world.subscribe(*old, "a", QoS::at_least_once);
  auto fresh = world.connect("same", {.clean = false, .expiry_s = 100, .worker = 1});
  const std::vector<Disconnect> farewell = old->take_all<Disconnect>();
  ASSERT_EQ(farewell.size(), 1U);
  EXPECT_EQ(farewell[0].reason, Reason::session_taken_over);
  EXPECT_TRUE(old->closed);
  EXPECT_TRUE(MqttWorld::connack(*fresh).session_present);
  auto writer = world.connect("writer");
  world.publish(*writer, "a", "x");
  EXPECT_EQ(payloads(*fresh), Texts{"x"});
}

TEST_F(MqttSession, ARetainedMessageComesOnceWithASubscriptionAndIsTakenAway) {
  auto writer = world.connect("writer");
  world.publish(*writer, "a/b", "kept", QoS::at_least_once, true);
  auto reader = world.connect("reader");
  reader->take();
  Subscribe packet;
  packet.packet_id = 1;
  packet.subscriptions.push_back({"a/#", QoS::at_least_once, false, false, RetainHandling::send});
  reader->say(packet);
  world.run();
  std::vector<Publish> got = reader->take_all<Publish>();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_TRUE(got[0].retain);
  world.publish(*writer, "a/b", "", QoS::at_least_once, true);
  got = reader->take_all<Publish>();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_FALSE(got[0].retain);
  reader->say(packet);
  world.run();
  EXPECT_TRUE(reader->take_all<Publish>().empty());
}

TEST_F(MqttSession, AWillIsPublishedAfterItsDelayUnlessTheClientReturns) {
  auto reader = world.connect("reader");
  world.subscribe(*reader, "gone", QoS::at_least_once);
  const auto with_will = [&] {
    auto peer = std::make_unique<Peer>(world.workers[0]->exchange, Version::v5);
    Connect packet;
    packet.client_id = "dying";
    packet.properties.session_expiry_interval_s = 100;
    packet.will.emplace();
    packet.will->topic = "gone";
    packet.will->payload = "bye";
    packet.will->qos = QoS::at_least_once;
    packet.will->properties.will_delay_interval_s = 5;
    peer->say(packet);
    world.run();
    return peer;
  };
  auto dying = with_will();
  dying.reset();
  world.run();
  world.tick(3000);
  dying = with_will();
  world.tick(10'000);
  EXPECT_TRUE(payloads(*reader).empty());
  dying.reset();
  world.run();
  world.tick(4000);
  EXPECT_TRUE(payloads(*reader).empty());
  world.tick(2000);
  EXPECT_EQ(payloads(*reader), Texts{"bye"});
}

TEST_F(MqttSession, ARepeatedQoS2PublishIsAcknowledgedAndNotPublishedAgain) {
  auto reader = world.connect("reader");
  world.subscribe(*reader, "a", QoS::at_most_once);
  auto writer = world.connect("writer");
  Publish packet;
  packet.topic = "a";
  packet.payload = "once";
  packet.qos = QoS::exactly_once;
  packet.packet_id = 5;
  writer->say(packet);
  world.run();
  packet.dup = true;
  writer->say(packet);
  world.run();
  EXPECT_EQ(writer->take_all<Pubrec>().size(), 2U);
  EXPECT_EQ(payloads(*reader), Texts{"once"});
  writer->say(Pubrel{{5, Reason::success, {}}});
  const std::vector<Pubcomp> done = writer->take_all<Pubcomp>();
  ASSERT_EQ(done.size(), 1U);
  EXPECT_EQ(done[0].reason, Reason::success);
}

TEST_F(MqttSession, AcknowledgementsComeInTheOrderOfThePublishesAlsoAfterARefusal) {
  auto writer = world.connect("writer");
  writer->take();
  for (std::uint16_t id = 1; id <= 3; ++id) {
    Publish packet;
    packet.topic = id == 2 ? "$SYS/x" : "a";
    packet.payload = "x";
    packet.qos = QoS::at_least_once;
    packet.packet_id = id;
    writer->say(packet);
  }
  EXPECT_TRUE(writer->take().empty()) << "nothing is committed yet";
  world.run();
  std::vector<std::pair<int, Reason>> acks;
  for (const Puback& ack : writer->take_all<Puback>()) acks.emplace_back(ack.packet_id, ack.reason);
  EXPECT_EQ(acks, (std::vector<std::pair<int, Reason>>{{1, Reason::success}, {2, Reason::not_authorized}, {3, Reason::success}}));
}

TEST_F(MqttSession, SilenceForOneAndAHalfKeepAlivesEndsTheConnection) {
  auto peer = std::make_unique<Peer>(world.workers[0]->exchange, Version::v5);
  Connect packet;
  packet.client_id = "silent";
  packet.keep_alive_s = 10;
  peer->say(packet);
  world.run();
  peer->take();
  world.clock.tick(14'000);
  peer->client->on_tick();
  EXPECT_FALSE(peer->closed);
  world.clock.tick(1000);
  peer->client->on_tick();
  const std::vector<Disconnect> farewell = peer->take_all<Disconnect>();
  ASSERT_EQ(farewell.size(), 1U);
  EXPECT_EQ(farewell[0].reason, Reason::keep_alive_timeout);
  EXPECT_TRUE(peer->closed);
}

TEST_F(MqttSession, WithoutGuestsAWrongPasswordIsRefusedAndTheRightOneIsNot) {
  world.authenticator.guests = false;
  const auto attempt = [&](std::string_view password) {
    Peer peer(world.workers[0]->exchange, Version::v311);
    Connect packet;
    packet.version = Version::v311;
    packet.clean_start = true;
    packet.client_id = "c";
    packet.user_name = "ada";
    packet.password = password;
    peer.say(packet);
    world.run();
    return MqttWorld::connack(peer).reason;
  };
  EXPECT_EQ(attempt("wrong"), Reason::bad_user_name_or_password);
  EXPECT_EQ(attempt("secret"), Reason::success);
  auto nobody = world.connect("nobody", {.version = Version::v311});
  EXPECT_EQ(MqttWorld::connack(*nobody).reason, Reason::not_authorized);
}

TEST_F(MqttSession, ANativeMessageArrivesAsItsTextAndEditsDoNot) {
  auto reader = world.connect("reader");
  world.subscribe(*reader, "general", QoS::at_least_once);
  auto ada = std::make_shared<const Subject>(Subject{"u_ada", "ada", false, {}});
  const auto say = [&](EntryType type, Seq target, std::string body) {
    parley::Publish entry;
    entry.room = "general";
    entry.type = type;
    entry.target = target;
    entry.body = std::move(body);
    world.log.publish(ada, std::move(entry), [](const Result<Appended>&) {});
    world.run();
  };
  say(EntryType::message, 0, R"({"text":"hi"})");
  say(EntryType::edit, 1, R"({"text":"hello"})");
  say(EntryType::message, 0, R"({"text":"hi","mood":1})");
  EXPECT_EQ(payloads(*reader), (Texts{"hi", R"({"text":"hi","mood":1})"}));
}

TEST_F(MqttSession, AConnectionThatEndsBeforeItsSubackLeavesNoInterestBehind) {
  auto writer = world.connect("writer");
  const auto reaches_the_other_worker = [&] {
    Publish packet;
    packet.topic = "a/b";
    packet.qos = QoS::at_least_once;
    packet.packet_id = 7;
    writer->say(packet);
    world.log_executor.run();
    const bool reaches = world.workers[1]->executor.waiting() > 0;
    world.run();
    return reaches;
  };
  auto reader = world.connect("reader", {.worker = 1});
  Subscribe packet;
  packet.packet_id = 1;
  packet.subscriptions.push_back({"a/#", QoS::at_least_once, false, false, RetainHandling::send});
  packet.subscriptions.push_back({"$share/g/a/#", QoS::at_least_once, false, false, RetainHandling::send});
  reader->say(packet);
  reader.reset();
  world.run();
  EXPECT_FALSE(reaches_the_other_worker());
  reader = world.connect("reader", {.worker = 1});
  world.subscribe(*reader, "a/#", QoS::at_least_once);
  EXPECT_TRUE(reaches_the_other_worker());
  reader.reset();
  world.run();
  EXPECT_FALSE(reaches_the_other_worker());
}

TEST_F(MqttSession, AGroupSharesItsMessagesAndTakesThemFromAMemberThatLeaves) {
  auto one = world.connect("one");
  auto two = world.connect("two", {.worker = 1});
  world.subscribe(*one, "$share/g/a/+", QoS::at_least_once);
  world.subscribe(*two, "$share/g/a/+", QoS::at_least_once);
  auto writer = world.connect("writer");
  for (const char* text : {"1", "2", "3", "4"}) world.publish(*writer, "a/b", text);
  EXPECT_EQ(payloads(*one), (Texts{"1", "3"}));
  EXPECT_EQ(payloads(*two), (Texts{"2", "4"}));
  one.reset();  // without a PUBACK
  world.run();
  EXPECT_EQ(payloads(*two), (Texts{"1", "3"}));
}

TEST(MqttSessionTurns, AGroupThatComesInTheTurnOfAMessageDoesNotGetIt) {
  LogSettings settings;
  settings.batches.turns = true;
  MqttWorld world(settings);
  const auto settle = [&] {
    for (int i = 0; i < 3; ++i) {
      world.run();
      world.log.end_turn();
    }
    world.run();
  };
  auto writer = world.connect("writer");
  auto one = world.connect("one");
  auto two = world.connect("two");
  const auto subscribe = [&](Peer& peer, const char* filter) {
    Subscribe packet;
    packet.packet_id = 1;
    packet.subscriptions.push_back({filter, QoS::at_least_once, false, false, RetainHandling::send});
    peer.say(packet);
  };
  subscribe(*one, "$share/g/a/+");
  settle();
  Publish packet;
  packet.topic = "a/b";
  packet.payload = "1";
  writer->say(packet);
  settle();
  EXPECT_EQ(payloads(*one), (Texts{"1"}));
  packet.payload = "2";
  writer->say(packet);
  subscribe(*two, "$share/h/a/+");
  settle();
  EXPECT_EQ(payloads(*one), (Texts{"2"}));
  EXPECT_EQ(payloads(*two), (Texts{}));
}

// [MQTT-3.8.3-3]: the publisher of a will is the client whose will it is.
TEST_F(MqttSession, AWillIsItsClientsOwn) {
  Peer going(world.workers[0]->exchange, Version::v5);
  Connect connect;
  connect.version = Version::v5;
  connect.client_id = "a";
  connect.properties.session_expiry_interval_s = 100;
  connect.will.emplace();
  connect.will->topic = "x";
  connect.will->payload = "gone";
  connect.will->qos = QoS::at_least_once;
  going.say(connect);
  world.run();
  Subscribe subscribe;
  subscribe.packet_id = 1;
  subscribe.subscriptions.push_back({"x", QoS::at_least_once, true, false, RetainHandling::send});
  going.say(subscribe);
  world.run();
  const auto other = world.connect("b");
  world.subscribe(*other, "x", QoS::at_least_once);
  going.client.reset();
  world.run();
  world.publish(*other, "x", "after it");
  EXPECT_EQ(payloads(*other), (std::vector<std::string>{"gone", "after it"}));
  const auto back = world.connect("a", {.clean = false, .expiry_s = 100});
  EXPECT_EQ(payloads(*back), std::vector<std::string>{"after it"});
}

}  // namespace
}  // namespace parley::mqtt
