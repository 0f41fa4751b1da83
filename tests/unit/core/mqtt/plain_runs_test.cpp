// Messages that go together: several publishes of one turn are one piece for whoever gets the same bytes, and everybody gets what
// their own terms say.

#include <gtest/gtest.h>

#include "tests/unit/core/mqtt/mqtt_world.h"

namespace parley::mqtt::testing {
namespace {

LogSettings in_turns() {
  LogSettings settings;
  settings.batches.turns = true;
  return settings;
}

class PlainRunsTest : public ::testing::Test {
 protected:
  // Publishes all in one turn.
  void publish_all(Peer& peer, QoS qos, const std::vector<std::string>& texts) {
    for (const std::string& text : texts) {
      Publish packet;
      packet.topic = "t";
      packet.payload = text;
      packet.qos = qos;
      if (qos != QoS::at_most_once) packet.packet_id = ++packet_id;
      peer.say(packet);
    }
    world.run();
  }
  MqttWorld world{in_turns()};
  std::uint16_t packet_id = 0;
};

TEST_F(PlainRunsTest, ATurnsMessagesAreOnePieceForAll) {
  auto publisher = world.connect("publisher");
  auto five = world.connect("five");
  auto old = world.connect("old", {.version = Version::v311});
  auto elsewhere = world.connect("elsewhere", {.worker = 1});
  for (Peer* peer : {five.get(), old.get(), elsewhere.get()}) world.subscribe(*peer, "t", QoS::at_most_once);
  publish_all(*publisher, QoS::at_most_once, {"warm"});  // makes the room, attaches everybody
  for (Peer* peer : {five.get(), old.get(), elsewhere.get()}) EXPECT_EQ(payloads(*peer), std::vector<std::string>{"warm"});
  const std::uint64_t sent = world.workers[0]->mqtt_counters.messages_out.get();
  publish_all(*publisher, QoS::at_most_once, {"a", "b", "c"});
  for (Peer* peer : {five.get(), old.get(), elsewhere.get()}) {
    EXPECT_EQ(payloads(*peer), (std::vector<std::string>{"a", "b", "c"}));
  }
  EXPECT_EQ(world.workers[0]->mqtt_counters.messages_out.get() - sent, 6U);
  // The others' terms do not change what these get.
  publish_all(*publisher, QoS::at_least_once, {"d", "e"});
  for (Peer* peer : {five.get(), old.get(), elsewhere.get()}) {
    EXPECT_EQ(payloads(*peer), (std::vector<std::string>{"d", "e"}));
  }
}

TEST_F(PlainRunsTest, EverybodysOwnTermsHold) {
  auto publisher = world.connect("publisher");
  auto numbered = world.connect("numbered");
  auto acknowledging = world.connect("acknowledging");
  auto small = std::make_unique<Peer>(world.workers[0]->exchange, Version::v5);
  Connect packet;
  packet.version = Version::v5;
  packet.client_id = "small";
  packet.clean_start = true;
  packet.properties.maximum_packet_size = 30;
  small->say(packet);
  world.run();
  auto plain = world.connect("plain");
  world.subscribe(*numbered, "t", QoS::at_most_once, 7);
  world.subscribe(*acknowledging, "t", QoS::at_least_once);
  world.subscribe(*small, "t", QoS::at_most_once);
  world.subscribe(*plain, "t", QoS::at_most_once);
  publish_all(*publisher, QoS::at_most_once, {"warm"});
  for (Peer* peer : {numbered.get(), acknowledging.get(), small.get(), plain.get()}) peer->take();

  const std::string large(40, 'x');
  publish_all(*publisher, QoS::at_least_once, {"a", large});
  std::vector<Publish> got = numbered->take_all<Publish>();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].properties.subscription_ids, (std::vector<std::uint32_t>{7}));
  got = acknowledging->take_all<Publish>();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].qos, QoS::at_least_once);
  EXPECT_NE(got[0].packet_id, got[1].packet_id);
  EXPECT_EQ(payloads(*small), std::vector<std::string>{"a"});  // the other one is over its Maximum Packet Size
  EXPECT_EQ(payloads(*plain), (std::vector<std::string>{"a", large}));
  EXPECT_EQ(world.workers[0]->mqtt_counters.lost[static_cast<unsigned>(Lost::too_large)].get(), 1U);
}

// Who subscribes behind a publish of the same turn does not get it.
TEST_F(PlainRunsTest, ANewcomerGetsNothingOfBefore) {
  auto publisher = world.connect("publisher");
  auto first = world.connect("first");
  world.subscribe(*first, "t", QoS::at_most_once);
  publish_all(*publisher, QoS::at_most_once, {"warm"});
  first->take();
  auto late = world.connect("late");
  Publish packet;
  packet.topic = "t";
  packet.payload = "before";
  publisher->say(packet);
  Subscribe wish;
  wish.packet_id = 1;
  wish.subscriptions.push_back({"t", QoS::at_most_once, false, false, RetainHandling::send});
  late->say(wish);
  packet.payload = "after";
  world.run();
  publisher->say(packet);
  world.run();
  EXPECT_EQ(payloads(*first), (std::vector<std::string>{"before", "after"}));
  EXPECT_EQ(payloads(*late), std::vector<std::string>{"after"});
}

TEST_F(PlainRunsTest, AMessageThatExpiresIsLookedAtForEach) {
  auto publisher = world.connect("publisher");
  auto listener = world.connect("listener");
  world.subscribe(*listener, "t", QoS::at_most_once);
  publish_all(*publisher, QoS::at_most_once, {"warm"});
  listener->take();
  Publish packet;
  packet.topic = "t";
  packet.payload = "short";
  packet.properties.message_expiry_interval_s = 100;
  publisher->say(packet);
  packet.properties.message_expiry_interval_s.reset();
  packet.payload = "long";
  publisher->say(packet);
  world.run();
  const std::vector<Publish> got = listener->take_all<Publish>();
  ASSERT_EQ(got.size(), 2U);
  EXPECT_EQ(got[0].properties.message_expiry_interval_s, 100U);
  EXPECT_FALSE(got[1].properties.message_expiry_interval_s);
}

TEST(FrameTest, AWrappingIsMadeOnceAndGoesWithItsFrame) {
  int made = 0;
  const auto wrap = [&](std::string_view bytes) {
    ++made;
    return Frame::copy_of("<" + std::string(bytes) + ">");
  };
  Frame inner;
  {
    const Frame frame = Frame::copy_of("x");
    EXPECT_EQ(frame.wrapped(wrap).bytes(), "<x>");
    inner = Frame(frame).wrapped(wrap);
    EXPECT_EQ(made, 1);
  }
  EXPECT_EQ(inner.bytes(), "<x>");
}

}  // namespace
}  // namespace parley::mqtt::testing
