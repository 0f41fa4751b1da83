// Sessions in storage: what waits for a commit, what a crash leaves, and what happens while storage fails.

#include <gtest/gtest.h>

#include <map>

#include "tests/unit/core/mqtt/mqtt_world.h"

namespace parley::mqtt {
namespace {

using testing::MqttWorld;
using testing::payloads;
using testing::Peer;
using Texts = std::vector<std::string>;

constexpr MqttWorld::Wish stored = {.clean = false, .expiry_s = 1000};

class MqttStored : public ::testing::Test {
 protected:
  // The process is gone, and another one is there on the same storage.
  void crash() {
    before = std::move(world);
    world = std::make_unique<MqttWorld>(&before->store, "reborn");
    world->run();
  }
  std::unique_ptr<Peer> come(std::string_view id = "reader") { return world->connect(id, stored); }
  static std::vector<std::uint16_t> ids(const std::vector<Publish>& all) {
    std::vector<std::uint16_t> out;
    for (const Publish& publish : all) out.push_back(publish.packet_id);
    return out;
  }

  std::unique_ptr<MqttWorld> before;
  std::unique_ptr<MqttWorld> world = std::make_unique<MqttWorld>();
};

// ---- what waits for its commit

TEST_F(MqttStored, AMessageWithQoS2GoesOutBehindTheCommitThatNamesIt) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::exactly_once);
  auto writer = world->connect("writer");
  world->store.hold_commits();
  world->publish(*writer, "a", "x", QoS::exactly_once);
  world->store.release_one_commit();  // the entry
  world->run();
  EXPECT_TRUE(reader->take_all<Publish>().empty()) << "a crash now would send it with another identifier";
  world->store.release_commits();
  world->run();
  EXPECT_EQ(payloads(*reader), Texts{"x"});
}

TEST_F(MqttStored, WhatComesBehindAMessageThatWaitsWaitsToo) {
  auto reader = come();
  world->subscribe(*reader, "two", QoS::exactly_once);
  world->subscribe(*reader, "zero", QoS::at_most_once);
  auto writer = world->connect("writer");
  world->publish(*writer, "zero", "made", QoS::at_least_once);
  reader->take();
  world->store.hold_commits();
  world->publish(*writer, "two", "first", QoS::exactly_once);
  world->store.release_one_commit();
  world->run();
  world->publish(*writer, "zero", "second", QoS::at_most_once);
  EXPECT_TRUE(payloads(*reader).empty());
  world->store.release_commits();
  world->run();
  EXPECT_EQ(payloads(*reader), (Texts{"first", "second"}));
}

TEST_F(MqttStored, PubrelAndPubcompGoOutBehindTheirCommits) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::exactly_once);
  auto writer = world->connect("writer", stored);
  world->publish(*writer, "a", "x", QoS::exactly_once);
  ASSERT_EQ(ids(reader->take_all<Publish>()), std::vector<std::uint16_t>{1});
  writer->take();
  world->store.hold_commits();
  reader->say(Pubrec{{1, Reason::success, {}}});
  world->run();
  EXPECT_TRUE(reader->take_all<Pubrel>().empty());
  world->store.release_commits();
  world->run();
  EXPECT_EQ(reader->take_all<Pubrel>().size(), 1U);

  Publish packet;
  packet.topic = "a";
  packet.qos = QoS::exactly_once;
  packet.packet_id = 9;
  writer->say(packet);
  world->run();
  world->store.hold_commits();
  writer->say(Pubrel{{9, Reason::success, {}}});
  world->run();
  EXPECT_TRUE(writer->take_all<Pubcomp>().empty());
  world->store.release_commits();
  world->run();
  EXPECT_EQ(writer->take_all<Pubcomp>().size(), 1U);
}

TEST_F(MqttStored, AMessageWithQoS1DoesNotWaitUnlessThatIsWanted) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  auto writer = world->connect("writer");
  for (const MonoMs interval : {250, 0}) {
    world->settings.save_interval_ms = interval;
    world->store.hold_commits();
    world->publish(*writer, "a", "x");
    world->store.release_one_commit();
    world->run();
    EXPECT_EQ(payloads(*reader).size(), interval == 0 ? 0U : 1U) << interval;
    world->store.release_commits();
    world->run();
    EXPECT_EQ(payloads(*reader).size(), interval == 0 ? 1U : 0U) << interval;
  }
}

TEST_F(MqttStored, WhatIsNoHurryIsSavedNowAndThen) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  auto writer = world->connect("writer");
  world->settings.save_interval_ms = 1000;
  const auto saves = [&] { return world->registry.numbers().saves.get(); };
  world->publish(*writer, "a", "1");
  world->later(1000);
  const std::uint64_t first = saves();
  EXPECT_GE(first, 1U);
  world->publish(*writer, "a", "2");
  world->later(250);
  EXPECT_EQ(saves(), first) << "not yet";
  world->later(750);
  EXPECT_EQ(saves(), first + 1);
  world->later(5000);
  EXPECT_EQ(saves(), first + 1) << "nothing is to be saved";
}

// ---- after a crash

TEST_F(MqttStored, WhatWasSavedIsSentAgainWithItsIdentifierAndDup) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  auto writer = world->connect("writer");
  for (const char* text : {"1", "2", "3"}) world->publish(*writer, "a", text);
  reader->take();
  reader->say(Puback{{1, Reason::success, {}}});
  world->later(250);
  crash();
  reader = come();
  const std::vector<Publish> again = reader->take_all<Publish>();
  ASSERT_EQ(again.size(), 2U);
  EXPECT_EQ(ids(again), (std::vector<std::uint16_t>{2, 3}));
  for (const Publish& publish : again) EXPECT_TRUE(publish.dup);
}

TEST_F(MqttStored, WhatMayHaveBeenSentBeforeACrashHasDupAndWhatCameAfterItHasNot) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  auto writer = world->connect("writer");
  for (const char* text : {"1", "2"}) world->publish(*writer, "a", text);  // sent, and not saved
  ASSERT_EQ(reader->take_all<Publish>().size(), 2U);
  crash();
  writer = world->connect("writer");
  world->publish(*writer, "a", "3");
  reader = come();
  const std::vector<Publish> again = reader->take_all<Publish>();
  ASSERT_EQ(again.size(), 3U);
  EXPECT_TRUE(again[0].dup);
  EXPECT_TRUE(again[1].dup);
  world->publish(*writer, "a", "4");
  const std::vector<Publish> after = reader->take_all<Publish>();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_FALSE(after[0].dup) << "it was published after the session had come back";
}

TEST_F(MqttStored, WithoutACrashWhatWaitedHasNoDup) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  auto writer = world->connect("writer");
  reader.reset();
  world->run();
  world->publish(*writer, "a", "waits");
  crash();  // while the client was away
  reader = come();
  const std::vector<Publish> got = reader->take_all<Publish>();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_FALSE(got[0].dup);
}

TEST_F(MqttStored, WithQoS2NothingIsSentTwiceAndNothingWithDupThatWasNotSent) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::exactly_once);
  auto writer = world->connect("writer");
  for (const char* text : {"1", "2", "3"}) world->publish(*writer, "a", text, QoS::exactly_once);
  reader->take();
  reader->say(Pubrec{{1, Reason::success, {}}});
  reader->say(Pubrec{{2, Reason::success, {}}});
  world->run();
  reader->say(Pubcomp{{1, Reason::success, {}}});
  world->later(250);
  world->store.hold_commits();
  world->publish(*writer, "a", "4", QoS::exactly_once);
  world->store.release_one_commit();
  world->run();
  ASSERT_TRUE(reader->take_all<Publish>().empty()) << "4 is committed and waits for its window";
  crash();
  reader = come();
  std::vector<Packet> packets = reader->take();
  ASSERT_EQ(packets.size(), 4U);
  EXPECT_EQ(std::get<Pubrel>(packets[1]).packet_id, 2);
  EXPECT_EQ(std::get<Publish>(packets[2]).payload, "3");
  EXPECT_TRUE(std::get<Publish>(packets[2]).dup);
  EXPECT_EQ(std::get<Publish>(packets[3]).payload, "4");
  EXPECT_FALSE(std::get<Publish>(packets[3]).dup) << "it never went out";
}

TEST_F(MqttStored, APublishWithQoS2IsTakenOnceOverACrash) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  auto writer = world->connect("writer", stored);
  Publish packet;
  packet.topic = "a";
  packet.payload = "once";
  packet.qos = QoS::exactly_once;
  packet.packet_id = 7;
  writer->say(packet);
  world->run();
  ASSERT_EQ(writer->take_all<Pubrec>().size(), 1U);
  for (const Publish& p : reader->take_all<Publish>()) reader->say(Puback{{p.packet_id, Reason::success, {}}});
  world->later(250);
  crash();
  writer = world->connect("writer", stored);
  reader = come();
  packet.dup = true;
  writer->say(packet);
  world->run();
  EXPECT_EQ(writer->take_all<Pubrec>().size(), 1U);
  EXPECT_TRUE(payloads(*reader).empty());
}

TEST_F(MqttStored, SubscriptionsComeBackWithTheirOptions) {
  auto reader = come();
  Subscribe packet;
  packet.packet_id = 1;
  packet.properties.subscription_id = 77;
  packet.subscriptions.push_back({"a/+", QoS::at_least_once, true, true, RetainHandling::do_not_send});
  reader->say(packet);
  world->run();
  crash();
  reader = come();
  EXPECT_TRUE(MqttWorld::connack(*reader).session_present);
  world->publish(*reader, "a/1", "mine");
  EXPECT_TRUE(payloads(*reader).empty()) << "no local";
  auto writer = world->connect("writer");
  world->publish(*writer, "a/1", "theirs", QoS::at_least_once, true);
  const std::vector<Publish> got = reader->take_all<Publish>();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_TRUE(got[0].retain) << "retain as published";
  EXPECT_EQ(got[0].properties.subscription_ids, std::vector<std::uint32_t>{77});
}

TEST_F(MqttStored, AWillIsPublishedWhenTheLeaseOfItsServerIsOver) {
  Peer dying(world->workers[0]->exchange, Version::v5);
  Connect packet;
  packet.client_id = "dying";
  packet.clean_start = true;
  packet.properties.session_expiry_interval_s = 100;
  packet.will.emplace();
  packet.will->topic = "gone";
  packet.will->payload = "bye";
  packet.will->qos = QoS::at_least_once;
  dying.say(packet);
  world->run();
  crash();
  auto reader = come();
  world->subscribe(*reader, "gone", QoS::at_least_once);
  world->later(59'000);
  EXPECT_TRUE(payloads(*reader).empty()) << "the other server may live";
  for (int i = 0; i < 8; ++i) world->later(500);
  EXPECT_EQ(payloads(*reader), Texts{"bye"});
}

// ---- opening and ending

TEST_F(MqttStored, ASessionThatEndsWithItsConnectionLeavesNothing) {
  auto reader = world->connect("short");
  world->subscribe(*reader, "a", QoS::at_least_once);
  reader.reset();
  world->run();
  crash();
  reader = come("short");
  EXPECT_FALSE(MqttWorld::connack(*reader).session_present);
}

TEST_F(MqttStored, ACleanStartEndsWhatWasStored) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  crash();
  reader = world->connect("reader");
  EXPECT_FALSE(MqttWorld::connack(*reader).session_present);
  reader.reset();
  world->run();
  crash();
  reader = come();
  EXPECT_FALSE(MqttWorld::connack(*reader).session_present);
}

TEST_F(MqttStored, WhileStorageAnswersNotConnectIsRefusedAndLaterItIsNot) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  crash();
  world->store.fail_others(true);
  reader = come();
  EXPECT_EQ(MqttWorld::connack(*reader).reason, Reason::server_unavailable);
  EXPECT_TRUE(reader->closed);
  world->store.fail_others(false);
  reader = come();
  EXPECT_TRUE(MqttWorld::connack(*reader).session_present);
}

// ---- when saving fails

TEST_F(MqttStored, ASaveThatFailsIsCountedAndTriedAgain) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  auto writer = world->connect("writer");
  world->publish(*writer, "a", "x");
  reader->take();
  world->store.fail_others(true);
  world->later(250);
  EXPECT_GE(world->registry.numbers().failed_saves.get(), 1U);
  EXPECT_FALSE(world->registry.save_trouble().empty());
  world->store.fail_others(false);
  world->later(250);
  const std::uint64_t failed = world->registry.numbers().failed_saves.get();
  world->later(250);
  EXPECT_EQ(world->registry.numbers().failed_saves.get(), failed) << "it is saved by now";
  crash();
  reader = come();
  EXPECT_EQ(ids(reader->take_all<Publish>()), std::vector<std::uint16_t>{1});
}

TEST_F(MqttStored, AMessageWithQoS2WaitsWhileStorageFailsAndGoesOutAfterwards) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::exactly_once);
  auto writer = world->connect("writer");
  world->store.hold_commits();
  world->publish(*writer, "a", "x", QoS::exactly_once);
  world->store.release_one_commit();
  world->run();
  world->store.fail_others(true);
  world->store.release_commits();
  world->run();
  EXPECT_TRUE(payloads(*reader).empty());
  world->later(250);
  EXPECT_TRUE(payloads(*reader).empty());
  world->store.fail_others(false);
  world->later(250);
  EXPECT_EQ(payloads(*reader), Texts{"x"});
}

TEST_F(MqttStored, ASessionThatAnotherServerTookEndsItsConnectionWithTheNextSave) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  auto writer = world->connect("writer");
  MqttWorld other(&world->store, "other");
  other.run();
  auto there = other.connect("reader", stored);
  EXPECT_TRUE(MqttWorld::connack(*there).session_present);
  world->publish(*writer, "a", "x");
  reader->take();
  world->later(250);
  const std::vector<Disconnect> farewell = reader->take_all<Disconnect>();
  ASSERT_EQ(farewell.size(), 1U);
  EXPECT_EQ(farewell[0].reason, Reason::session_taken_over);
  EXPECT_EQ(world->registry.numbers().failed_saves.get(), 1U);
}

// ---- a smaller window

TEST_F(MqttStored, ResendingStopsAtTheClientsReceiveMaximumAndGoesOnWithItsAcknowledgements) {
  auto reader = come();
  world->subscribe(*reader, "a", QoS::at_least_once);
  auto writer = world->connect("writer");
  for (const char* text : {"1", "2", "3", "4", "5"}) world->publish(*writer, "a", text);
  reader->take();
  reader.reset();
  world->run();
  world->publish(*writer, "a", "6");
  reader = world->connect("reader", {.clean = false, .expiry_s = 1000, .receive_maximum = 2});
  Texts got;
  for (int round = 0; round < 10 && got.size() < 6; ++round) {
    const std::vector<Publish> some = reader->take_all<Publish>();
    EXPECT_LE(some.size(), round == 0 ? 2U : 1U);
    for (const Publish& publish : some) {
      got.emplace_back(publish.payload);
      EXPECT_EQ(publish.dup, got.back() != "6");
    }
    reader->say(Puback{{static_cast<std::uint16_t>(round + 1), Reason::success, {}}});
    world->run();
  }
  EXPECT_EQ(got, (Texts{"1", "2", "3", "4", "5", "6"}));
}

TEST_F(MqttStored, PagesOfSeveralRoomsThatArriveTogetherKeepToOneWindow) {
  auto reader = come();
  world->subscribe(*reader, "a/+", QoS::at_least_once);
  reader.reset();
  auto writer = world->connect("writer");
  for (int i = 0; i < 5; ++i) {
    for (const char* room : {"a/1", "a/2", "a/3"}) world->publish(*writer, room, std::to_string(i));
  }
  crash();  // so that no tail has them
  reader = world->connect("reader", {.clean = false, .expiry_s = 1000, .receive_maximum = 4});
  std::map<std::string, Texts, std::less<>> got;
  for (int round = 0; round < 20; ++round) {
    const std::vector<Publish> some = reader->take_all<Publish>();
    EXPECT_LE(some.size(), 4U);
    for (const Publish& publish : some) {
      got[std::string(publish.topic)].emplace_back(publish.payload);
      reader->say(Puback{{publish.packet_id, Reason::success, {}}});
    }
    world->run();
  }
  ASSERT_EQ(got.size(), 3U);
  for (const auto& [room, texts] : got) EXPECT_EQ(texts, (Texts{"0", "1", "2", "3", "4"})) << room;
}

}  // namespace
}  // namespace parley::mqtt
