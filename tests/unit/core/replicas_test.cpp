// What one replica's doing means on another one.

#include <gtest/gtest.h>

#include "tests/sim/cluster_world.h"
#include "tests/sim/filter_listener.h"

namespace parley {
namespace {

using testing_world::any_contains;
using testing_world::ClusterWorld;
using testing_world::FilterListener;
using testing_world::seqs;
using Client = std::unique_ptr<ClusterWorld::Client>;

std::string subscribe(const std::string& room) { return R"({"op":"subscribe","id":2,"room":")" + room + R"(","since":0})"; }
std::string publish(const std::string& room, const std::string& text, const std::string& more = "") {
  return R"({"op":"publish","id":3,"room":")" + room + R"(","body":{"text":")" + text + "\"}" + more + "}";
}
SubjectPtr subject(const std::string& name) {
  auto made = std::make_shared<Subject>();
  made->user_id = "u_" + name;
  made->name = name;
  made->login = SharedText("login_" + name);
  return made;
}

class Replicas : public testing::Test {
 protected:
  Log& log(std::size_t i) { return world.replicas[i]->log; }
  ClusterWorld world;
};

TEST_F(Replicas, AnEntryReachesSubscribersOfTheOtherReplica) {
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  world.ask(*bob, subscribe("r"));
  world.ask(*ada, publish("r", "one"));
  EXPECT_EQ(seqs(bob->heard()), (std::vector<Seq>{1}));
  EXPECT_EQ(log(1).counters().filled.get(), 0U) << "the bus brought it, storage was not asked";
}

TEST_F(Replicas, WithoutTheBusStorageBringsIt) {
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  world.ask(*bob, subscribe("r"));
  world.pass(1100);  // the first look at the heads is behind us
  world.bus.set_up(false);
  world.run();
  world.ask(*ada, publish("r", "one"));
  EXPECT_TRUE(seqs(bob->heard()).empty());
  world.pass(150);
  EXPECT_EQ(seqs(bob->heard()), (std::vector<Seq>{1}));
}

TEST_F(Replicas, ALostMessageIsFilledAndTheOrderKept) {
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  world.ask(*bob, subscribe("r"));
  ada->say(publish("r", "one"));
  world.replicas[0]->run();
  ASSERT_EQ(world.bus.waiting(), 1U + 1U);  // to both doors
  while (world.bus.waiting() > 0) world.bus.lose(0);
  world.ask(*ada, publish("r", "two"));
  EXPECT_TRUE(seqs(bob->heard()).empty()) << "two waits for one";
  world.pass(50);
  EXPECT_EQ(seqs(bob->heard()), (std::vector<Seq>{1, 2}));
}

TEST_F(Replicas, AnAckDoesNotWaitForAGap) {
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  world.ask(*bob, subscribe("r"));
  ada->say(publish("r", "one"));
  world.replicas[0]->run();
  while (world.bus.waiting() > 0) world.bus.lose(0);
  const auto heard = world.ask(*bob, publish("r", "two"));
  EXPECT_TRUE(any_contains(heard, R"("re":3,"seq":2)"));
  EXPECT_TRUE(seqs(heard).empty());
  world.pass(50);
  EXPECT_EQ(seqs(bob->heard()), (std::vector<Seq>{1, 2}));
}

TEST_F(Replicas, AClientThatIsAheadOfThisReplicaResumes) {
  Client ada = world.client(0, 0, "ada");
  Client keeper = world.client(1, 0, "keeper");
  world.ask(*keeper, subscribe("r"));
  ada->say(publish("r", "one"));
  world.replicas[0]->run();
  while (world.bus.waiting() > 0) world.bus.lose(0);
  Client moved = world.client(1, 1, "ada");
  const auto heard = world.ask(*moved, R"({"op":"subscribe","id":2,"room":"r","since":1})");
  EXPECT_TRUE(any_contains(heard, R"("recovered":true)"));
  EXPECT_TRUE(any_contains(heard, R"("head":1)"));
}

TEST_F(Replicas, AnEditAndADeletionArriveWithTheirEffect) {
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  world.ask(*bob, subscribe("r"));
  world.ask(*ada, publish("r", "secret"));
  world.ask(*ada, R"({"op":"publish","id":4,"room":"r","type":"delete","target":1,"body":{}})");
  bob->heard();
  Client late = world.client(1, 0, "late");
  const auto heard = world.ask(*late, subscribe("r"));
  EXPECT_TRUE(any_contains(heard, R"("deleted":true)"));
  EXPECT_FALSE(any_contains(heard, "secret"));
}

TEST_F(Replicas, ABanReachesTheOtherReplica) {
  for (const bool with_bus : {true, false}) {
    const std::string room = with_bus ? "with" : "without";
    Client ada = world.client(0, 0, "ada");
    Client bob = world.client(1, 0, "bob");
    world.ask(*ada, subscribe(room));
    world.ask(*bob, subscribe(room));
    world.ask(*bob, publish(room, "hi"));
    world.bus.set_up(with_bus);
    world.run();
    world.shared.create_account({"u_bob", "bob", "", 0}, [](const Result<Nothing>&) {});
    world.nobody.run();
    bool done = false;
    log(0).set_member(subject("ada"), room, {"u_bob", "", Role::banned}, [&](const Result<Member>& member) {
      done = member.ok();
      EXPECT_TRUE(member.ok()) << member.error().message;
    });
    world.run();
    world.pass(150);
    ASSERT_TRUE(done);
    EXPECT_TRUE(any_contains(bob->heard(), R"("detached":{"code":"forbidden")"));
    EXPECT_TRUE(any_contains(world.ask(*bob, publish(room, "again")), R"("code":"forbidden")"));
  }
}

TEST_F(Replicas, TheEndOfALoginReachesTheOtherReplica) {
  Client ada = world.client(1, 0, "ada");
  log(0).revoke_login("login_ada");
  world.run();
  EXPECT_TRUE(ada->transport.closed);
}

TEST_F(Replicas, TheEndOfALoginIsRepeatedToWhoWasAway) {
  Client ada = world.client(1, 0, "ada");
  world.replicas[1]->bus->set_connected(false);
  world.run();
  log(0).revoke_login("login_ada");
  world.run();
  EXPECT_FALSE(ada->transport.closed);
  world.replicas[1]->bus->set_connected(true);
  world.run();
  EXPECT_TRUE(ada->transport.closed);
}

TEST_F(Replicas, SignalsCross) {
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  world.ask(*ada, subscribe("r"));
  world.ask(*bob, subscribe("r"));
  world.ask(*ada, R"({"op":"signal","room":"r","type":"typing","body":{}})");
  EXPECT_TRUE(any_contains(bob->heard(), R"("signal":"typing","from":"ada")"));
}

TEST_F(Replicas, PresenceIsOfAllReplicasAndSaysWhenItIsNot) {
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  world.ask(*ada, subscribe("r"));
  world.ask(*bob, subscribe("r"));
  world.pass(2100);
  auto heard = world.ask(*ada, R"({"op":"presence","id":9,"room":"r"})");
  EXPECT_TRUE(any_contains(heard, R"("count":2)"));
  EXPECT_TRUE(any_contains(heard, "u_bob"));
  EXPECT_FALSE(any_contains(heard, "partial"));

  bob.reset();
  world.pass(3100);
  EXPECT_TRUE(any_contains(ada->heard(), R"("left":[{"id":"u_bob")"));

  world.bus.set_up(false);
  world.run();
  heard = world.ask(*ada, R"({"op":"presence","id":9,"room":"r"})");
  EXPECT_TRUE(any_contains(heard, R"("partial":true)"));
}

TEST_F(Replicas, ADeadReplicasPeopleExpire) {
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  world.ask(*ada, subscribe("r"));
  world.ask(*bob, subscribe("r"));
  world.pass(2100);
  world.replicas[1]->bus->close();  // it will never say goodbye
  world.pass(42'000);
  EXPECT_TRUE(any_contains(world.ask(*ada, R"({"op":"presence","id":9,"room":"r"})"), R"("count":1)"));
}

TEST_F(Replicas, AnotherEpochEndsSubscriptionsAndForgetsTheOldLog) {
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  world.ask(*bob, subscribe("r"));
  world.ask(*ada, publish("r", "one"));
  world.pass(1100);
  bob->heard();
  world.shared.set_epoch("restored");
  world.pass(1100);
  EXPECT_TRUE(any_contains(bob->heard(), R"("detached":{"code":"unavailable")"));
  const auto heard = world.ask(*bob, R"({"op":"subscribe","id":5,"room":"r","since":1,"epoch":"memory"})");
  EXPECT_TRUE(any_contains(heard, R"("recovered":false)"));
  EXPECT_TRUE(any_contains(heard, R"("epoch":"restored")"));
  world.ask(*ada, publish("r", "two"));
  world.pass(50);
  EXPECT_EQ(seqs(bob->heard()), (std::vector<Seq>{2}));
}

// ---- filters

TEST_F(Replicas, AFilterGetsTheFirstEntryOfARoomThatOnlyTheOtherReplicaKnows) {
  FilterListener all(log(1));
  FilterListener some(log(1), "made/+");
  world.run();
  Client ada = world.client(0, 0, "ada");
  world.ask(*ada, publish("made/here", "one"));
  world.ask(*ada, publish("elsewhere", "one"));
  world.pass(30);
  world.ask(*ada, publish("made/here", "two"));
  EXPECT_EQ(all.last, (std::map<std::string, Seq>{{"made/here", 2}, {"elsewhere", 1}}));
  EXPECT_EQ(some.last, (std::map<std::string, Seq>{{"made/here", 2}}));
  EXPECT_EQ(all.before["made/here"], 0U);
}

TEST_F(Replicas, AFilterGetsItWithoutTheBusToo) {
  FilterListener all(log(1));
  world.bus.set_up(false);
  world.run();
  Client ada = world.client(0, 0, "ada");
  for (const char* text : {"one", "two", "three"}) world.ask(*ada, publish("r", text));
  world.pass(150);
  EXPECT_EQ(all.last["r"], 3U);
  EXPECT_EQ(all.before["r"], 0U);
}

TEST_F(Replicas, AFilterGetsWhatWasThereBeforeAPublisherLoadedTheRoomHere) {
  FilterListener all(log(1));
  world.pass(1100);
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  ada->say(publish("r", "one"));
  world.replicas[0]->run();
  while (world.bus.waiting() > 0) world.bus.lose(0);
  EXPECT_TRUE(any_contains(world.ask(*bob, publish("r", "two")), R"("re":3,"seq":2)"));
  world.pass(100);
  EXPECT_EQ(all.last["r"], 2U);
  EXPECT_EQ(all.before["r"], 0U);
}

TEST_F(Replicas, AFilterGetsNothingOlderThanItself) {
  Client ada = world.client(0, 0, "ada");
  FilterListener others(log(1), "other/#");
  world.pass(1100);
  for (const char* room : {"r", "other/r"}) {
    ada->say(publish(room, "old"));
    world.replicas[0]->run();
  }
  while (world.bus.waiting() > 0) world.bus.lose(0);
  FilterListener all(log(1));
  world.run();
  ASSERT_TRUE(all.ready);
  for (const char* room : {"r", "other/r"}) world.ask(*ada, publish(room, "new"));
  world.pass(1100);
  EXPECT_EQ(all.before, (std::map<std::string, Seq>{{"r", 1}, {"other/r", 1}}));
  EXPECT_EQ(all.last, (std::map<std::string, Seq>{{"r", 2}, {"other/r", 2}}));
  EXPECT_EQ(others.before["other/r"], 0U);
  EXPECT_EQ(others.last["other/r"], 2U);
}

TEST_F(Replicas, AFilterGetsWhatWasCommittedWhileStorageWasAway) {
  FilterListener all(log(1));
  world.pass(1100);
  world.replicas[1]->store.fail_others(true);
  Client ada = world.client(0, 0, "ada");
  world.ask(*ada, publish("r", "one"));
  world.pass(1100);
  EXPECT_TRUE(all.last.empty());
  world.replicas[1]->store.fail_others(false);
  world.pass(1100);
  EXPECT_EQ(all.last["r"], 1U);
}

TEST(SmallReplicas, AFilterIsNotToldAgainWhatItKnowsOfARoomThatWasLetGo) {
  LogSettings settings;
  settings.rooms.cached = 1;
  ClusterWorld world(settings);
  FilterListener all(world.replicas[1]->log);
  world.pass(1100);
  Client ada = world.client(0, 0, "ada");
  Client bob = world.client(1, 0, "bob");
  world.ask(*ada, publish("a", "one"));
  world.pass(50);
  for (const char* text : {"two", "three"}) world.ask(*ada, publish("a", text));
  ASSERT_EQ(all.last["a"], 3U) << "over the bus, behind the last look at the heads";
  world.ask(*bob, publish("b", "one"));
  world.replicas[1]->log.tick();
  ASSERT_EQ(world.replicas[1]->log.counters().rooms_loaded.get(), 1) << "room a was let go";
  world.ask(*ada, publish("a", "four"));
  world.pass(50);
  EXPECT_EQ(all.last["a"], 4U);
}

// A poll's answer may be from before the message that asks for another.
TEST_F(Replicas, AHurryDuringAPollIsAnotherPoll) {
  const FilterListener all(log(1));
  world.pass(1100);
  fakes::MemoryStore& storage = world.replicas[1]->store;
  const std::uint64_t polls = log(1).counters().heads_polls.get();
  storage.hold_answers(true);
  world.pass(1000);
  storage.hold_answers(false);
  ASSERT_EQ(log(1).counters().heads_polls.get(), polls + 1);
  Client ada = world.client(0, 0, "ada");
  world.ask(*ada, publish("r", "one"));
  EXPECT_TRUE(all.last.empty());
  storage.release_answers();
  world.pass(50);
  EXPECT_EQ(all.last, (std::map<std::string, Seq>{{"r", 1}}));
}

TEST_F(Replicas, WithoutFiltersUnknownRoomsAreLeftAlone) {
  Client ada = world.client(0, 0, "ada");
  {
    const FilterListener some(log(1), "sensors/#");
    world.run();
    world.ask(*ada, publish("r", "one"));
    world.pass(50);
    world.pass(1100);
  }
  world.ask(*ada, publish("r", "two"));
  world.pass(1100);
  EXPECT_EQ(log(1).counters().gap_reads.get(), 0U);
  const std::uint64_t polls = log(1).counters().heads_polls.get();
  for (int i = 0; i < 20; ++i) world.ask(*ada, publish("r", "more"));
  EXPECT_EQ(log(1).counters().heads_polls.get(), polls);
}

TEST_F(Replicas, AFilterGetsMessagesThatAreNotKept) {
  FilterListener all(log(1));
  world.run();
  for (const char* text : {"one", "two", "three"}) {
    Publish message;
    message.room = "sensor";
    message.keep = Keep::acked;
    message.fire_and_forget = true;
    message.payload = Payload::text;
    message.body = text;
    log(0).publish(subject("ada"), message, [](const Result<Appended>& sent) { EXPECT_TRUE(sent.ok()); });
  }
  world.run();
  EXPECT_EQ(all.heard, (std::vector<std::string>{"one", "two", "three"}));
}

// The answer to a look-up is old news when it arrives, and nothing else tells what was committed meanwhile.
TEST_F(Replicas, ARoomThatIsLoadedAtAnOldHeadCatchesUpByItself) {
  Client ada = world.client(0, 0, "ada");
  world.ask(*ada, publish("r", "one"));
  world.pass(1100);
  fakes::MemoryStore& storage = world.replicas[1]->store;
  storage.hold_answers(true);
  Seq head = 0;
  const auto look = [&] {
    log(1).find_readable(subject("bob"), "r", [&](const Result<Attached>& found) { head = found ? found->room.head : 0; });
    world.run();
  };
  look();
  storage.hold_answers(false);
  world.ask(*ada, publish("r", "two"));
  world.pass(1100);  // the heads are asked, and this room is not one that anybody has
  storage.release_answers();
  world.run();
  EXPECT_EQ(head, 1U);
  world.pass(50);
  look();
  EXPECT_EQ(head, 2U);
}

}  // namespace
}  // namespace parley
