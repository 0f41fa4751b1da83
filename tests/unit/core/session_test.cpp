#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/unit/core/world.h"

namespace parley {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_world::any_contains;
using testing_world::seqs;
using testing_world::World;

std::vector<Seq> from_to(Seq first, Seq last) {
  std::vector<Seq> out(last - first + 1);
  std::iota(out.begin(), out.end(), first);
  return out;
}

TEST(Session, ConnectAnswersWhoOneIs) {
  World world;
  auto ada = world.client(0);
  const auto heard = world.ask(*ada, R"({"op":"connect","id":1,"token":"ada"})");
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_TRUE(any_contains(heard, R"({"re":1,"user":{"id":"u_ada","name":"ada","guest":false},"session":")"));
  EXPECT_TRUE(any_contains(heard, R"("limits":{"frame_bytes":65536)"));
}

TEST(Session, TheDelayOfADeliveryIsSampled) {
  World world;
  auto ada = world.client(0, "ada");
  auto bob = world.client(1, "bob");
  world.subscribe(*bob, "general");
  ada->say(R"({"op":"publish","id":3,"room":"general","body":{"text":"hi"}})");
  while (world.log_executor.run() > 0) {
  }
  EXPECT_EQ(world.workers[1]->counters.delivery_latency_us.sum(), 0U);
  world.clock.tick(300);  // committed, but the worker is late
  world.run();
  EXPECT_EQ(seqs(bob->heard()).size(), 1U);
  EXPECT_EQ(world.workers[1]->counters.delivery_latency_us.sum(), 300'000U);
}

TEST(Session, AGuestGetsATokenToComeBackWith) {
  World world;
  auto guest = world.client(0);
  EXPECT_TRUE(any_contains(world.ask(*guest, R"({"op":"connect","id":1})"), R"("token":"token-of-g_1")"));
}

TEST(Session, AnythingBeforeConnectIsRefusedAndCloses) {
  World world;
  auto client = world.client(0);
  EXPECT_TRUE(any_contains(world.ask(*client, R"({"op":"ping","id":9})"), R"({"re":9,"error":{"code":"unauthorized")"));
  EXPECT_EQ(client->transport.close_code, 1008);
}

TEST(Session, NoConnectInTimeCloses) {
  World world;
  auto client = world.client(0);
  world.clock.tick(9'999);
  client->session->on_tick();
  EXPECT_FALSE(client->transport.closed);
  world.clock.tick(1);
  client->session->on_tick();
  EXPECT_EQ(client->transport.close_code, 1008);
}

TEST(Session, AnExpiredTokenClosesUnlessItWasRenewed) {
  World world;
  auto client = world.client(0, "ada");
  world.clock.tick(899'999);
  client->session->on_tick();
  EXPECT_FALSE(client->transport.closed);
  EXPECT_TRUE(any_contains(world.ask(*client, R"({"op":"connect","id":5,"token":"ada"})"), R"({"re":5,"user")"));
  world.clock.tick(899'999);
  client->session->on_tick();
  EXPECT_FALSE(client->transport.closed);
  world.clock.tick(1);
  client->session->on_tick();
  EXPECT_EQ(client->transport.close_code, 1008);
}

TEST(Session, ARenewalIsForTheSameUser) {
  World world;
  auto client = world.client(0, "ada");
  EXPECT_TRUE(any_contains(world.ask(*client, R"({"op":"connect","id":5,"token":"bob"})"), R"("code":"forbidden")"));
}

TEST(Session, PublishIsAckedAndArrivesOnBothWorkersWithTheSameSeq) {
  World world;
  auto ada = world.client(0, "ada");
  auto bob = world.client(1, "bob");
  world.subscribe(*bob, "general");
  const auto heard = world.ask(*ada, R"({"op":"publish","id":3,"room":"general","cid":"c1","body":{"text":"hi"}})");
  ASSERT_EQ(heard.size(), 1U);
  EXPECT_TRUE(heard[0].starts_with(R"({"re":3,"seq":1,"ts":)"));
  EXPECT_THAT(
      bob->heard(),
      ElementsAre(testing::MatchesRegex(
          R"(\{"room":"general","seq":1,"type":"message","from":"ada","uid":"u_ada","cid":"c1","ts":[0-9]+,"n":1,"body":\{"text":"hi"\}\})")));
}

TEST(Session, TheBodyArrivesByteForByte) {
  World world;
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "general");
  const std::string body = "{ \"big\" : 12345678901234567890 ,\t\"e\":1.50e+2, \"t\":\"\\u00e9\\/\" }";
  const auto heard = world.ask(*ada, R"({"op":"publish","id":3,"room":"general","body":)" + body + "}");
  EXPECT_TRUE(any_contains(heard, "\"body\":" + body + "}"));
}

TEST(Session, ARepeatedCidIsADuplicateAndAnotherBodyAConflict) {
  World world;
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "general");
  world.ask(*ada, R"({"op":"publish","id":3,"room":"general","cid":"c","body":{"text":"a"}})");
  const auto again = world.ask(*ada, R"({"op":"publish","id":4,"room":"general","cid":"c","body":{"text":"a"}})");
  ASSERT_EQ(again.size(), 1U);
  EXPECT_TRUE(any_contains(again, R"("seq":1,)"));
  EXPECT_TRUE(any_contains(again, R"("duplicate":true)"));
  EXPECT_TRUE(any_contains(world.ask(*ada, R"({"op":"publish","id":5,"room":"general","cid":"c","body":{"text":"b"}})"),
                           R"("code":"conflict")"));
}

TEST(Session, NoAckBeforeTheCommit) {
  World world;
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "general");
  world.store.hold_commits();
  EXPECT_THAT(world.ask(*ada, R"({"op":"publish","id":3,"room":"general","body":{}})"), IsEmpty());
  world.store.release_commits();
  world.run();
  EXPECT_EQ(ada->heard().size(), 2U);  // the ack and the entry
}

TEST(Session, AFailedCommitIsUnavailableAndTheNextOneGoesOn) {
  World world;
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "general");
  world.store.fail_appends(1);
  const auto refused = world.ask(*ada, R"({"op":"publish","id":3,"room":"general","body":{}})");
  EXPECT_THAT(refused, ElementsAre(testing::HasSubstr(R"("code":"unavailable")")));
  EXPECT_TRUE(any_contains(world.ask(*ada, R"({"op":"publish","id":4,"room":"general","body":{}})"), R"({"re":4,"seq":1,)"));
}

TEST(Session, WhilePublishesWaitTheyShareOneCommit) {
  World world;
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "general");
  const std::size_t before = world.store.appends_called();
  world.store.hold_commits();
  for (int i = 0; i < 100; ++i) ada->say(R"({"op":"publish","id":3,"room":"general","body":{}})");
  world.run();
  world.store.release_commits();
  world.run();
  EXPECT_EQ(world.store.appends_called() - before, 2U);  // the first alone, the other 99 together
  EXPECT_EQ(seqs(ada->heard()), from_to(1, 100));
}

TEST(Session, RepliesComeInTheOrderOfThePublishes) {
  World world;
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "known");
  // The first needs look-ups in storage, the second does not.
  ada->say(R"({"op":"publish","id":10,"room":"unknown","body":{}})");
  ada->say(R"({"op":"publish","id":11,"room":"known","body":{}})");
  ada->say(R"({"op":"publish","id":12,"room":"bad+name","body":{}})");
  world.run();
  std::vector<std::string> replies;
  for (const std::string& text : ada->heard()) {
    if (text.starts_with(R"({"re":)")) replies.push_back(text.substr(6, 2));
  }
  EXPECT_THAT(replies, ElementsAre("10", "11", "12"));
}

TEST(Session, ResumeBringsWhatWasMissedThenLiveOnes) {
  World world;
  auto ada = world.client(0, "ada");
  for (int i = 0; i < 10; ++i) world.publish(*ada, "general", "x");
  auto bob = world.client(1, "bob");
  const auto heard = world.ask(*bob, R"({"op":"subscribe","id":2,"room":"general","since":4,"epoch":"memory"})");
  EXPECT_TRUE(heard[0].starts_with(R"({"re":2,"room":"general","head":10,"floor":1,"epoch":"memory","recovered":true)"));
  EXPECT_EQ(seqs({heard.begin() + 1, heard.end()}), from_to(5, 10));
  world.publish(*ada, "general", "y");
  EXPECT_EQ(seqs(bob->heard()), from_to(11, 11));
}

TEST(Session, ResumeOutOfReachIsSaid) {
  World world;
  auto ada = world.client(0, "ada");
  for (int i = 0; i < 3; ++i) world.publish(*ada, "general", "x");
  for (const char* since : {R"("since":2,"epoch":"another")", R"("since":4,"epoch":"memory")"}) {
    const auto heard = world.ask(*ada, std::string(R"({"op":"subscribe","id":2,"room":"general",)") + since + "}");
    ASSERT_EQ(heard.size(), 1U) << since;
    EXPECT_TRUE(any_contains(heard, R"("recovered":false)")) << since;
  }
}

TEST(Session, ALongCatchUpComesInPagesAndMeetsTheLiveEntries) {
  HubSettings hub;
  hub.tail_entries = 8;
  hub.page_entries = 10;
  LogSettings log;
  log.rooms.tail_entries = 8;
  World world(log, {}, hub);
  auto ada = world.client(0, "ada");
  for (int i = 0; i < 95; ++i) world.publish(*ada, "general", "x");
  auto bob = world.client(1, "bob");
  bob->say(R"({"op":"subscribe","id":2,"room":"general","since":0})");
  // Entries go on being published while the pages are under way.
  for (int i = 0; i < 5; ++i) {
    ada->say(R"({"op":"publish","room":"general","body":{}})");
    world.log_executor.step();
    world.workers[1]->executor.run();
  }
  world.run();
  EXPECT_EQ(seqs([&] {
              auto heard = bob->heard();
              heard.erase(heard.begin());
              return heard;
            }()),
            from_to(1, 100));
  EXPECT_GE(world.store.reads_called(), 9U);
}

TEST(Session, TheWindowStopsAndAnAckGoesOn) {
  NativeSettings native;
  native.limits.window = 4;
  World world({}, native);
  auto ada = world.client(0, "ada");
  auto bob = world.client(1, "bob");
  world.subscribe(*bob, "general");
  for (int i = 0; i < 10; ++i) world.publish(*ada, "general", "x");
  EXPECT_EQ(seqs(bob->heard()), from_to(1, 4));
  EXPECT_EQ(seqs(world.ask(*bob, R"({"op":"ack","room":"general","seq":3})")), from_to(5, 7));
  EXPECT_TRUE(any_contains(world.ask(*bob, R"({"op":"ack","room":"general","seq":8})"), R"("code":"bad_request")"));
  EXPECT_EQ(seqs(world.ask(*bob, R"({"op":"ack","room":"general","seq":7})")), from_to(8, 10));
}

TEST(Session, TheWindowCountsBytesToo) {
  NativeSettings native;
  native.limits.window_bytes = 1000;
  World world({}, native);
  auto ada = world.client(0, "ada");
  auto bob = world.client(1, "bob");
  world.subscribe(*bob, "general");
  for (int i = 0; i < 5; ++i) world.publish(*ada, "general", std::string(600, 'x'));
  EXPECT_EQ(seqs(bob->heard()), from_to(1, 2));
  EXPECT_EQ(seqs(world.ask(*bob, R"({"op":"ack","room":"general","seq":1})")), from_to(3, 3));
}

TEST(Session, ACongestedReaderCatchesUpFromTheLogAndDelaysNobody) {
  HubSettings hub;
  hub.tail_entries = 4;
  World world({}, {}, hub);
  auto ada = world.client(0, "ada");
  auto slow = world.client(1, "bob");
  auto fast = world.client(1, "cleo");
  world.subscribe(*slow, "general");
  world.subscribe(*fast, "general");
  slow->transport.is_congested = true;
  for (int i = 0; i < 50; ++i) world.publish(*ada, "general", "x");
  EXPECT_EQ(seqs(fast->heard()), from_to(1, 50));
  EXPECT_THAT(slow->heard(), IsEmpty());
  slow->transport.is_congested = false;
  slow->session->on_drained();
  world.run();
  EXPECT_EQ(seqs(slow->heard()), from_to(1, 50));
  EXPECT_EQ(world.workers[1]->counters.slow_readers.get(), 1U);
}

TEST(Session, AFailedReadOfTheLogIsTriedAgain) {
  HubSettings hub;
  hub.tail_entries = 4;
  LogSettings log;
  log.rooms.tail_entries = 4;
  World world(log, {}, hub);
  auto ada = world.client(0, "ada");
  for (int i = 0; i < 20; ++i) world.publish(*ada, "general", "x");
  auto bob = world.client(1, "bob");
  world.subscribe(*bob, "general");
  world.store.fail_others(true);
  EXPECT_THAT(seqs(world.ask(*bob, R"({"op":"subscribe","room":"general","since":0})")), IsEmpty());
  world.store.fail_others(false);
  world.workers[1]->hub.tick();
  world.run();
  EXPECT_EQ(seqs(bob->heard()), from_to(1, 20));
}

TEST(Session, PrunedBeforeItWasReadIsAGap) {
  HubSettings hub;
  hub.tail_entries = 4;
  LogSettings log;
  log.rooms.tail_entries = 4;
  log.retention.entries_max = 10;
  World world(log, {}, hub);
  auto ada = world.client(0, "ada");
  auto bob = world.client(1, "bob");
  world.subscribe(*bob, "general");
  bob->transport.is_congested = true;
  for (int i = 0; i < 30; ++i) world.publish(*ada, "general", "x");
  world.log.tick();
  world.run();
  bob->transport.is_congested = false;
  bob->session->on_drained();
  world.run();
  const auto heard = bob->heard();
  ASSERT_FALSE(heard.empty());
  EXPECT_EQ(heard[0], R"({"room":"general","gap":{"from":1,"to":20}})");
  EXPECT_EQ(seqs({heard.begin() + 1, heard.end()}), from_to(21, 30));
  EXPECT_TRUE(any_contains(world.ask(*bob, R"({"op":"subscribe","id":2,"room":"general","since":3})"),
                           R"("floor":21,"epoch":"memory","recovered":false)"));
}

TEST(Session, SubscribingAgainMovesTheCursor) {
  World world;
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "general");
  for (int i = 0; i < 5; ++i) world.publish(*ada, "general", "x");
  const auto heard = world.ask(*ada, R"({"op":"subscribe","id":7,"room":"general","since":2})");
  EXPECT_EQ(seqs({heard.begin() + 1, heard.end()}), from_to(3, 5));
  EXPECT_EQ(world.workers[0]->counters.subscriptions.get(), 1);
}

TEST(Session, UnsubscribeEndsDeliveryAndTheLastOneTheInterest) {
  World world;
  auto ada = world.client(0, "ada");
  auto bob = world.client(1, "bob");
  world.subscribe(*bob, "general");
  EXPECT_THAT(world.ask(*bob, R"({"op":"unsubscribe","id":4,"room":"general"})"), ElementsAre(R"({"re":4})"));
  world.publish(*ada, "general", "x");
  EXPECT_THAT(bob->heard(), IsEmpty());
  EXPECT_EQ(world.workers[1]->counters.rooms.get(), 0);
  // And it can come back.
  world.subscribe(*bob, "general");
  world.publish(*ada, "general", "y");
  EXPECT_EQ(seqs(bob->heard()), from_to(2, 2));
}

TEST(Session, ASessionThatEndsWhileItAttachesLeavesNothingBehind) {
  World world;
  auto bob = world.client(1, "bob");
  bob->say(R"({"op":"subscribe","id":2,"room":"general","since":0})");
  bob->session.reset();
  world.run();
  EXPECT_EQ(world.workers[1]->counters.rooms.get(), 0);
  EXPECT_EQ(world.workers[1]->counters.subscriptions.get(), 0);
  auto ada = world.client(0, "ada");
  EXPECT_TRUE(any_contains(world.ask(*ada, R"({"op":"presence","id":6,"room":"general"})"), R"("count":0,"users":[])"));
}

TEST(Session, UnsubscribeWhileAttachingIsAnsweredAndLeavesNothing) {
  World world;
  auto bob = world.client(1, "bob");
  bob->say(R"({"op":"subscribe","id":2,"room":"general"})");
  bob->say(R"({"op":"unsubscribe","id":3,"room":"general"})");
  world.run();
  const auto heard = bob->heard();
  EXPECT_TRUE(any_contains(heard, R"({"re":3})"));
  EXPECT_TRUE(any_contains(heard, R"({"re":2,"error":{"code":"conflict")"));
  EXPECT_EQ(world.workers[1]->counters.subscriptions.get(), 0);
}

TEST(Session, TooManyMalformedCommandsClose) {
  World world;
  auto ada = world.client(0, "ada");
  for (int i = 0; i < 10; ++i) world.ask(*ada, "nonsense");
  EXPECT_FALSE(ada->transport.closed);
  world.ask(*ada, "nonsense");
  EXPECT_EQ(ada->transport.close_code, 1008);
}

TEST(Session, TooManyPublishesUnderWayPauseReading) {
  NativeSettings native;
  native.limits.inflight = 3;
  World world({}, native);
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "general");
  world.store.hold_commits();
  for (int i = 0; i < 3; ++i) ada->say(R"({"op":"publish","id":3,"room":"general","body":{}})");
  EXPECT_TRUE(ada->transport.paused);
  world.store.release_commits();
  world.run();
  EXPECT_FALSE(ada->transport.paused);
}

TEST(Session, TooManySubscriptionsAreRefused) {
  NativeSettings native;
  native.limits.subscriptions = 2;
  World world({}, native);
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "a");
  world.subscribe(*ada, "b");
  EXPECT_TRUE(any_contains(world.ask(*ada, R"({"op":"subscribe","id":9,"room":"c"})"), R"("code":"too_large")"));
}

TEST(Session, ARevokedLoginEndsItsSessions) {
  World world;
  auto ada = world.client(0, "ada");
  auto bob = world.client(0, "bob");
  world.log.revoke_login("login_ada");
  world.run();
  EXPECT_EQ(ada->transport.close_code, 1008);
  EXPECT_FALSE(bob->transport.closed);
}

TEST(Session, WhileStoppingPublishesAreRefusedAndThoseUnderWayAnswered) {
  World world;
  auto ada = world.client(0, "ada");
  world.subscribe(*ada, "general");
  world.store.hold_commits();
  ada->say(R"({"op":"publish","id":3,"room":"general","body":{}})");
  ada->session->refuse_publishes();
  ada->say(R"({"op":"publish","id":4,"room":"general","body":{}})");
  world.run();
  EXPECT_FALSE(ada->session->settled());
  world.store.release_commits();
  world.run();
  const auto heard = ada->heard();
  EXPECT_TRUE(any_contains(heard, R"({"re":3,"seq":1)"));
  EXPECT_TRUE(any_contains(heard, R"({"re":4,"error":{"code":"unavailable")"));
  EXPECT_TRUE(ada->session->settled());
}

}  // namespace
}  // namespace parley
