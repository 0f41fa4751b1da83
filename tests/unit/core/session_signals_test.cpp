// What passes by a session and is not kept: signals, read marks, presence.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/core/world.h"

namespace parley {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_world::any_contains;
using testing_world::World;

TEST(Session, SignalsReachOwnWorkerAtOnceAndOthersThroughTheLog) {
  World world;
  auto ada = world.client(0, "ada");
  auto near = world.client(0, "bob");
  auto far = world.client(1, "cleo");
  for (auto* client : {&ada, &near, &far}) world.subscribe(**client, "general");
  ada->say(R"({"op":"signal","room":"general","type":"typing","body":{}})");
  const std::string expected = R"({"room":"general","signal":"typing","from":"ada","uid":"u_ada","body":{}})";
  EXPECT_THAT(near->heard(), ElementsAre(expected));
  EXPECT_THAT(far->heard(), IsEmpty());
  world.run();
  EXPECT_THAT(far->heard(), ElementsAre(expected));
  EXPECT_THAT(near->heard(), IsEmpty());
}

TEST(Session, SignalsOfATurnLeaveTogether) {
  HubSettings hub;
  hub.turns = true;
  World world({}, {}, hub);
  auto ada = world.client(0, "ada");
  auto bob = world.client(0, "bob");
  auto cleo = world.client(0, "cleo");
  for (auto* client : {&ada, &bob, &cleo}) world.subscribe(**client, "general");
  world.subscribe(*bob, "other");
  const auto text = [](const std::string& room, int n) {
    return R"({"room":")" + room + R"(","signal":"message","from":"ada","uid":"u_ada","body":{"n":)" + std::to_string(n) + "}}";
  };
  const auto say = [&](const std::string& room, int n) {
    ada->say(R"({"op":"signal","room":")" + room + R"(","type":"message","body":{"n":)" + std::to_string(n) + "}}");
  };
  world.subscribe(*ada, "other");
  for (auto* client : {&ada, &bob, &cleo}) (*client)->heard();
  const unsigned sends = bob->transport.sends;
  for (int n = 1; n <= 3; ++n) say("general", n);
  say("other", 4);
  EXPECT_THAT(bob->heard(), IsEmpty());
  cleo.reset();  // what was collected is for those who are there at the turn's end
  world.workers[0]->hub.end_turn();
  EXPECT_THAT(bob->heard(), ElementsAre(text("general", 1), text("general", 2), text("general", 3), text("other", 4)));
  EXPECT_EQ(bob->transport.sends - sends, 2U);
  // Once only; and the next turn begins anew.
  world.workers[0]->hub.end_turn();
  EXPECT_THAT(bob->heard(), IsEmpty());
  say("general", 5);
  bob->transport.is_congested = true;
  world.workers[0]->hub.end_turn();
  EXPECT_THAT(bob->heard(), IsEmpty());
  EXPECT_EQ(world.workers[0]->counters.drops[static_cast<std::size_t>(Drop::signal_congested)].get(), 1U);
}

TEST(Session, SignalsOfARoomThatIsLeftGoNowhere) {
  HubSettings hub;
  hub.turns = true;
  World world({}, {}, hub);
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "general");
  ada->say(R"({"op":"signal","room":"general","type":"typing"})");
  world.ask(*ada, R"({"op":"unsubscribe","room":"general"})");
  world.workers[0]->hub.end_turn();
  EXPECT_THAT(ada->heard(), IsEmpty());
}

TEST(Session, ASignalNeedsNoSubscription) {
  World world;
  auto ada = world.client(0, "ada");
  auto bob = world.client(0, "bob");
  world.subscribe(*bob, "general");
  const std::string signal = R"({"op":"signal","id":7,"room":"general","type":"message","body":{"text":"hi"}})";
  EXPECT_THAT(world.ask(*ada, signal), ElementsAre(R"({"re":7})"));
  EXPECT_THAT(bob->heard(),
              ElementsAre(R"({"room":"general","signal":"message","from":"ada","uid":"u_ada","body":{"text":"hi"}})"));
  EXPECT_TRUE(any_contains(world.ask(*ada, R"({"op":"signal","id":8,"room":"nowhere","type":"x"})"), R"("code":"not_found")"));
}

TEST(Session, SignalsAreDroppedUnderPressureAndOverTheirRate) {
  NativeSettings native;
  native.signals_per_s = 3;
  World world({}, native);
  auto ada = world.client(0, "ada");
  auto bob = world.client(0, "bob");
  world.subscribe(*ada, "general");
  world.subscribe(*bob, "general");
  bob->transport.is_congested = true;
  world.ask(*ada, R"({"op":"signal","room":"general","type":"typing"})");
  EXPECT_THAT(bob->heard(), IsEmpty());
  bob->transport.is_congested = false;
  for (int i = 0; i < 10; ++i) world.ask(*ada, R"({"op":"signal","room":"general","type":"typing"})");
  EXPECT_EQ(bob->heard().size(), 2U);
}

TEST(Session, TheReadMarkReachesTheUsersOtherDevicesOnly) {
  World world;
  auto ada = world.client(0, "ada");
  auto other = world.client(1, "ada");
  auto bob = world.client(1, "bob");
  for (auto* client : {&ada, &other, &bob}) world.subscribe(**client, "general");
  world.publish(*bob, "general", "x");
  world.publish(*bob, "general", "y");
  for (auto* client : {&ada, &other, &bob}) (*client)->heard();
  EXPECT_TRUE(any_contains(world.ask(*ada, R"({"op":"read","id":8,"room":"general","seq":1})"), R"({"re":8,"seq":1})"));
  EXPECT_TRUE(any_contains(other->heard(), R"("signal":"read")"));
  EXPECT_THAT(bob->heard(), IsEmpty());
}

TEST(Session, PresenceSaysWhoIsHereAndThenWhatChanges) {
  World world;
  auto ada = world.client(0, "ada");
  auto bob = world.client(1, "bob");
  world.subscribe(*ada, "general");
  const auto here = world.ask(*ada, R"({"op":"presence","id":6,"room":"general"})");
  EXPECT_THAT(here, ElementsAre(R"({"re":6,"room":"general","count":1,"users":[{"id":"u_ada","name":"ada"}]})"));
  world.log.tick();
  world.run();
  ada->heard();
  world.subscribe(*bob, "general");
  world.log.tick();
  world.run();
  EXPECT_THAT(ada->heard(),
              ElementsAre(testing::HasSubstr(R"("body":{"count":2,"joined":[{"id":"u_bob","name":"bob"}],"left":[]})")));
  bob->session.reset();
  world.run();
  world.log.tick();
  world.run();
  EXPECT_THAT(ada->heard(),
              ElementsAre(testing::HasSubstr(R"("body":{"count":1,"joined":[],"left":[{"id":"u_bob","name":"bob"}]})")));
}

}  // namespace
}  // namespace parley
