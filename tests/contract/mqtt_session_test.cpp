// The life of MQTT sessions: made, resumed, taken over, expired; wills.

#include <gmock/gmock.h>

#include "tests/contract/mqtt_contract.h"

namespace parley::contract {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(MqttContract, ASessionIsNewOnceAndThenResumed) {
  const SessionOpened first = open("c");
  EXPECT_FALSE(first.present);
  EXPECT_EQ(first.previous, SessionKey());
  ASSERT_TRUE(close(first.key).ok());
  const SessionOpened second = open("c");
  EXPECT_TRUE(second.present);
  EXPECT_EQ(second.key.id, first.key.id);
  EXPECT_GT(second.key.generation, first.key.generation);
  EXPECT_EQ(second.previous, first.key);
  EXPECT_EQ(second.previous_owner, "") << "it was not connected";
  EXPECT_FALSE(open("another").present);
}

TEST_P(MqttContract, ATakeOverMakesTheOldKeyWorthless) {
  const RoomId room = make_room("a");
  const SessionKey old = open("c").key;
  SessionOpening elsewhere = opening("c");
  elsewhere.owner = "there";
  renew("there", now + 60'000);
  const SessionOpened opened = open(elsewhere);
  EXPECT_TRUE(opened.present);
  EXPECT_EQ(opened.previous_owner, "here");
  EXPECT_TRUE(is_lost(save(cursor(old, room, 0))));
  EXPECT_TRUE(is_lost(close(old)));
  EXPECT_TRUE(is_lost(append_one(inbound(room, old, 1, "{}"))));
  EXPECT_TRUE(is_lost(ask<RoomsPage>([&](Reply<RoomsPage> done) { mqtt().subscribe(old, at("a"), {}, std::move(done)); })));
  EXPECT_TRUE(
      is_lost(ask<std::vector<bool>>([&](Reply<std::vector<bool>> done) { mqtt().unsubscribe(old, {"a"}, std::move(done)); })));
  EXPECT_TRUE(is_lost(ask<RoomsPage>([&](Reply<RoomsPage> done) { mqtt().backlog(old, {}, std::move(done)); })));
  EXPECT_TRUE(is_lost(claim(old, "$share/g/a", room, 1)));
  EXPECT_TRUE(save(cursor(opened.key, room, 0)).ok());
  EXPECT_EQ(read(room).head, 0U);
  EXPECT_EQ(find("c")->owner, "there");
}

TEST_P(MqttContract, OneLostSaveFailsAloneInItsCall) {
  const RoomId room = make_room("a");
  fill(room, 5);
  const SessionKey lost = open("c").key;
  const SessionKey taken = open("c").key;
  const SessionKey other = open("d").key;
  subscribe(other, at("a"));
  std::vector<SessionSave> saves;
  for (const SessionKey key : {lost, taken, other}) saves.push_back(cursor(key, room, 3));
  auto saved = ask<std::vector<Status>>([&](Reply<std::vector<Status>> done) { mqtt().save(std::move(saves), std::move(done)); });
  ASSERT_TRUE(saved.ok());
  ASSERT_EQ(saved->size(), 3U);
  EXPECT_TRUE(is_lost((*saved)[0]));
  EXPECT_TRUE((*saved)[1].ok() && (*saved)[2].ok());
  ASSERT_EQ(backlog(other).size(), 1U);
  EXPECT_EQ(backlog(other)[0].low, 3U);
}

TEST_P(MqttContract, CleanStartForgetsWhatWas) {
  make_room("a");
  const SessionOpened first = open("c");
  subscribe(first.key, at("a"));
  SessionSave window;
  window.session = first.key;
  window.outbound = {{7, OutboundState::publish_qos2, 1, 1, 1}};
  window.inbound_held = {9};
  ASSERT_TRUE(save(window).ok());
  ASSERT_TRUE(close(first.key).ok());
  SessionOpening clean = opening("c");
  clean.clean_start = true;
  const SessionOpened second = open(clean);
  EXPECT_FALSE(second.present);
  EXPECT_NE(second.key.id, first.key.id) << "ids are never given twice";
  EXPECT_GT(second.key.generation, first.key.generation);
  EXPECT_THAT(second.subscriptions, IsEmpty());
  EXPECT_THAT(second.outbound, IsEmpty());
  EXPECT_THAT(second.inbound, IsEmpty());
  EXPECT_TRUE(is_lost(save(cursor(first.key, 1, 0))));
  sweep();
  EXPECT_TRUE(open("c").present);
}

TEST_P(MqttContract, ASessionWithoutExpiryEndsWithItsConnection) {
  const SessionOpened first = open(opening("c", 0));
  ASSERT_TRUE(close(first.key).ok());
  EXPECT_EQ(find("c").error().code, Code::not_found);
  const SessionOpened second = open(opening("c", 0));
  EXPECT_FALSE(second.present);
  // Taken over while connected: the old connection ends, and the session with it.
  const SessionOpened third = open(opening("c", 10));
  EXPECT_FALSE(third.present);
  EXPECT_EQ(third.previous_owner, "here");
  // DISCONNECT may bring another expiry.
  ASSERT_TRUE(close(third.key, 0).ok());
  EXPECT_FALSE(find("c").ok());
}

TEST_P(MqttContract, ASessionExpires) {
  make_room("a");
  const SessionOpened first = open(opening("c", 10));
  subscribe(first.key, at("a"));
  now += 20'000;
  sweep();
  EXPECT_TRUE(find("c").ok()) << "a connected one does not expire";
  ASSERT_TRUE(close(first.key).ok());
  EXPECT_EQ(find("c")->expires, now + 10'000);
  now += 9'999;
  EXPECT_THAT(sweep().ended, IsEmpty());
  now += 1;
  const Swept swept = sweep();
  ASSERT_EQ(swept.ended.size(), 1U);
  EXPECT_EQ(swept.ended[0].client_id, "c");
  EXPECT_FALSE(find("c").ok());
  EXPECT_TRUE(is_lost(save(cursor(first.key, 1, 0))));
  EXPECT_FALSE(open("c").present);
}

TEST_P(MqttContract, AnExpiredSessionIsNotResumedBeforeItIsSwept) {
  const SessionOpened first = open(opening("c", 10));
  ASSERT_TRUE(close(first.key).ok());
  now += 10'000;
  EXPECT_FALSE(open("c").present);
}

TEST_P(MqttContract, SomeSessionsNeverExpire) {
  const SessionOpened first = open(opening("c", session_never_expires));
  ASSERT_TRUE(close(first.key).ok());
  EXPECT_EQ(find("c")->expires, INT64_MAX);
  now += 1'000'000'000'000;
  EXPECT_THAT(sweep().ended, IsEmpty());
  EXPECT_TRUE(open("c").present);
}

TEST_P(MqttContract, AClientIdIsItsUsers) {
  const SessionOpened first = open(opening("c", 10));
  SessionOpening other = opening("c");
  other.user_id = "v";
  EXPECT_EQ(try_open(other).error().code, Code::forbidden);
  ASSERT_TRUE(close(first.key).ok());
  EXPECT_EQ(try_open(other).error().code, Code::forbidden);
  now += 10'000;
  EXPECT_TRUE(try_open(other).ok());
}

TEST_P(MqttContract, SubscriptionsAreKeptWithTheirOptions) {
  const SessionOpened first = open("c");
  MqttSubscription full = at("a/+/#", mqtt::QoS::exactly_once);
  full.no_local = full.retain_as_published = full.meta = true;
  full.retain_handling = mqtt::RetainHandling::do_not_send;
  full.identifier = 268'435'455;
  MqttSubscription shared = at("$share/g/a", mqtt::QoS::at_most_once);
  shared.retain_handling = mqtt::RetainHandling::send_if_new;
  subscribe(first.key, at("b", mqtt::QoS::at_most_once));
  subscribe(first.key, full);
  subscribe(first.key, shared);
  const MqttSubscription again = at("b");
  subscribe(first.key, again);
  ASSERT_TRUE(close(first.key).ok());
  const SessionOpened second = open("c");
  EXPECT_THAT(second.subscriptions, ElementsAre(shared, full, again));
  EXPECT_THAT(unsubscribe(second.key, {"a/+/#", "nothing", "$share/g/a"}), ElementsAre(true, false, true));
  EXPECT_THAT(open("c").subscriptions, ElementsAre(again));
}

TEST_P(MqttContract, TheWindowKeepsPacketIdentifiersInOrder) {
  const RoomId room = make_room("a");
  fill(room, 3);
  const SessionKey key = open("c").key;
  SessionSave first;
  first.session = key;
  const Outbound one = {1, OutboundState::publish_qos2, room, 1, 5};
  const Outbound two = {2, OutboundState::publish_qos1, room, 2, 6};
  const Outbound three = {3, OutboundState::publish_qos2, room, 3, 4};
  first.outbound = {one, two, three};
  ASSERT_TRUE(save(first).ok());
  SessionSave second;
  second.session = key;
  Outbound released = one;
  released.state = OutboundState::release;
  Outbound again = two;  // the identifier is done, and taken again at once
  again.seq = 3;
  again.order = 7;
  second.outbound = {released, again};
  second.outbound_done = {2, 3};
  ASSERT_TRUE(save(second).ok());
  EXPECT_THAT(open("c").outbound, ElementsAre(released, again));
}

TEST_P(MqttContract, AnInboundPacketBecomesOneEntry) {
  const RoomId room = make_room("a");
  const RoomId other = make_room("b");
  const SessionKey key = open("c").key;
  const auto first = append_one(inbound(room, key, 7, "one"));
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(first->duplicate);
  now += 5;
  // Again, also with other content, and in one batch.
  std::vector<NewEntry> batch;
  batch.push_back(inbound(other, key, 7, "two"));
  batch.push_back(inbound(room, key, 8, "three"));
  batch.push_back(inbound(room, key, 8, "three"));
  const auto again = append(std::move(batch));
  ASSERT_EQ(again.size(), 3U);
  ASSERT_TRUE(again[0].ok() && again[1].ok() && again[2].ok());
  EXPECT_TRUE(again[0]->duplicate);
  EXPECT_EQ(again[0]->seq, first->seq);
  EXPECT_EQ(again[0]->ts, first->ts);
  EXPECT_FALSE(again[1]->duplicate);
  EXPECT_TRUE(again[2]->duplicate);
  EXPECT_EQ(read(room).head, 2U);
  EXPECT_EQ(read(other).head, 0U);
  // Known to the next connection too, until it is released.
  const SessionOpened resumed = open("c");
  EXPECT_THAT(resumed.inbound, ElementsAre(7, 8));
  EXPECT_TRUE(append_one(inbound(room, resumed.key, 7, "one"))->duplicate);
  SessionSave released;
  released.session = resumed.key;
  released.inbound_done = {7};
  released.inbound_held = {9};
  ASSERT_TRUE(save(released).ok());
  EXPECT_FALSE(append_one(inbound(room, resumed.key, 7, "one"))->duplicate);
  EXPECT_TRUE(append_one(inbound(room, resumed.key, 9, "held"))->duplicate);
  // Another session has identifiers of its own, and a refused entry leaves none behind.
  EXPECT_FALSE(append_one(inbound(room, open("d").key, 7, "one"))->duplicate);
  EXPECT_EQ(append_one(inbound(999, resumed.key, 10, "x")).error().code, Code::not_found);
  EXPECT_FALSE(append_one(inbound(room, resumed.key, 10, "x"))->duplicate);
}

TEST_P(MqttContract, APacketWithAKnownCidIsTheSameEntry) {
  const RoomId room = make_room("a");
  const SessionKey key = open("c").key;
  NewEntry entry = inbound(room, key, 1, "x");
  entry.cid = "cid";
  ASSERT_TRUE(append_one(entry).ok());
  entry.inbound->packet_id = 2;
  const auto again = append_one(entry);
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->seq, 1U);
  EXPECT_THAT(open("c").inbound, ElementsAre(1, 2));
}

// ---- leases

TEST_P(MqttContract, ADeadOwnersSessionsLapse) {
  SessionOpening elsewhere = opening("c", 10);
  elsewhere.owner = "there";
  elsewhere.will = will("gone");
  renew("there", now + 1000);
  const SessionKey key = open(elsewhere).key;
  const SessionKey own = open("d").key;
  now += 999;
  EXPECT_THAT(sweep().lapsed, IsEmpty());
  const UnixMs lease_end = now += 1;
  now += 500;
  const Swept swept = sweep();
  ASSERT_EQ(swept.lapsed.size(), 1U);
  EXPECT_EQ(swept.lapsed[0].client_id, "c");
  EXPECT_EQ(swept.lapsed[0].owner, "there");
  EXPECT_EQ(swept.lapsed[0].key, key);
  EXPECT_TRUE(is_lost(save(cursor(key, 1, 0)))) << "what the old owner writes late is refused";
  EXPECT_TRUE(save(cursor(own, 1, 0)).ok());
  EXPECT_EQ(find("c")->expires, lease_end + 10'000);
  ASSERT_EQ(due().size(), 1U);
  EXPECT_EQ(due()[0].will.body, "gone");
  EXPECT_TRUE(open("c").present);
}

TEST_P(MqttContract, AnInterruptedSessionSaysSoOnce) {
  EXPECT_FALSE(open("c").interrupted) << "a new one was not";
  EXPECT_TRUE(open("c").interrupted) << "taken over: the other owner can save no more";
  SessionOpening elsewhere = opening("c");
  elsewhere.owner = "there";
  renew("there", now + 1000);
  open(elsewhere);
  now += 1000;
  sweep();
  SessionOpened next = open("c");
  EXPECT_TRUE(next.present);
  EXPECT_TRUE(next.interrupted) << "its owner's lease ended";
  ASSERT_TRUE(close(next.key).ok());
  next = open("c");
  EXPECT_FALSE(next.interrupted) << "closed in good order";
}

TEST_P(MqttContract, AnOwnerWithoutALeaseIsDead) {
  SessionOpening elsewhere = opening("c");
  elsewhere.owner = "nobody";
  open(elsewhere);
  EXPECT_EQ(sweep().lapsed.size(), 1U);
}

TEST_P(MqttContract, SweepsInBoundedSteps) {
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(close(open(opening("c" + std::to_string(i), 1)).key).ok());
  now += 1000;
  std::size_t ended = 0;
  int steps = 0;
  for (bool more = true; more && steps < 100; ++steps) {
    const Swept swept = sweep(3);
    EXPECT_LE(swept.ended.size(), 3U);
    ended += swept.ended.size();
    more = swept.more;
  }
  EXPECT_EQ(ended, 10U);
  EXPECT_GE(steps, 4);
}

// ---- wills

TEST_P(MqttContract, AWillIsDueWhenItsConnectionBreaks) {
  SessionOpening wanted = opening("c");
  wanted.will = will("bye");
  wanted.will->qos = mqtt::QoS::exactly_once;
  wanted.will->retain = true;
  wanted.will->expiry_s = 5;
  wanted.will->payload = Payload::text;
  wanted.will->content_type = "text/plain";
  wanted.will->properties = std::string("\x26\0k", 3);
  const SessionOpened opened = open(wanted);
  EXPECT_THAT(opened.wills, IsEmpty());
  EXPECT_THAT(due(), IsEmpty());
  auto answered = close(opened.key);
  ASSERT_TRUE(answered.ok());
  ASSERT_EQ(answered->size(), 1U);
  EXPECT_EQ(answered->front().will, *wanted.will);
  EXPECT_EQ(answered->front().client_id, "c");
  ASSERT_EQ(due().size(), 1U) << "until it is fired: whoever should have may die";
  EXPECT_EQ(due()[0].id, answered->front().id);
}

TEST_P(MqttContract, AWillIsForgottenByAnOrderlyDisconnect) {
  SessionOpening wanted = opening("c");
  wanted.will = will("bye");
  EXPECT_THAT(*close(open(wanted).key, std::nullopt, true), IsEmpty());
  now += 10'000'000;
  EXPECT_THAT(due(), IsEmpty());
}

TEST_P(MqttContract, AWillWaitsForItsDelayOrTheSessionsEnd) {
  SessionOpening wanted = opening("c", 100);
  wanted.will = will("delayed", 10);
  const SessionKey key = open(wanted).key;
  SessionOpening brief = opening("d", 5);
  brief.will = will("with the session", 10);
  const SessionKey short_lived = open(brief).key;
  EXPECT_THAT(*close(key), IsEmpty());
  EXPECT_THAT(*close(short_lived), IsEmpty());
  now += 4'999;
  EXPECT_THAT(due(), IsEmpty());
  now += 1;
  ASSERT_EQ(due().size(), 1U);
  EXPECT_EQ(due()[0].will.body, "with the session");
  now += 5'000;
  EXPECT_EQ(due().size(), 2U);
  EXPECT_EQ(due(1).size(), 1U);
}

TEST_P(MqttContract, AReturningClientTakesItsDelayedWillBack) {
  SessionOpening wanted = opening("c", 100);
  wanted.will = will("delayed", 10);
  ASSERT_TRUE(close(open(wanted).key).ok());
  EXPECT_THAT(open("c").wills, IsEmpty());
  now += 20'000;
  EXPECT_THAT(due(), IsEmpty());
}

TEST_P(MqttContract, ATakeOverFiresAWillWithoutDelayOnly) {
  SessionOpening wanted = opening("c", 100);
  wanted.will = will("at once");
  open(wanted);
  wanted.will = will("delayed", 10);
  const SessionOpened second = open(wanted);
  ASSERT_EQ(second.wills.size(), 1U);
  EXPECT_EQ(second.wills[0].will.body, "at once");
  ASSERT_TRUE(ask<Nothing>([&](Reply<Nothing> done) { mqtt().take_will(second.wills[0].id, std::move(done)); }).ok());
  EXPECT_THAT(open(opening("c")).wills, IsEmpty());
}

TEST_P(MqttContract, AWillIsDueWhenItsSessionEnds) {
  SessionOpening wanted = opening("c", 100);
  wanted.will = will("delayed", 50);
  open(wanted);
  SessionOpening clean = opening("c");
  clean.clean_start = true;
  EXPECT_EQ(open(clean).wills.size(), 1U) << "by a clean start";
  SessionOpening brief = opening("d", 0);
  brief.will = will("delayed", 50);
  EXPECT_EQ(close(open(brief).key)->size(), 1U) << "by its connection's end";
}

TEST_P(MqttContract, AWillIsFiredOnce) {
  const RoomId room = make_room("wills");
  SessionOpening wanted = opening("c");
  wanted.will = will("bye");
  const auto wills = close(open(wanted).key);
  ASSERT_EQ(wills->size(), 1U);
  NewEntry entry = message(room, "u", "bye");
  entry.will = wills->front().id;
  ASSERT_TRUE(append_one(entry).ok());
  const auto again = append_one(entry);
  EXPECT_EQ(again.error().code, Code::conflict);
  EXPECT_FALSE(is_session_lost(again.error()));
  EXPECT_EQ(read(room).head, 1U);
  EXPECT_THAT(due(), IsEmpty());
  EXPECT_EQ(ask<Nothing>([&](Reply<Nothing> done) { mqtt().take_will(wills->front().id, std::move(done)); }).error().code,
            Code::not_found);
}

TEST_P(MqttContract, SessionsSurviveReopening) {
  if (!backend_->survives_reopening()) GTEST_SKIP();
  const RoomId room = make_room("a");
  fill(room, 2);
  SessionOpening wanted = opening("c");
  wanted.will = will("the process died");
  const SessionOpened first = open(wanted);
  subscribe(first.key, at("#", mqtt::QoS::exactly_once));
  fill(room, 3);
  ASSERT_TRUE(append_one(inbound(room, first.key, 7, "one")).ok());
  SessionSave window = cursor(first.key, room, 3, {5});
  window.outbound = {{1, OutboundState::release, room, 4, 1}};
  ASSERT_TRUE(save(window).ok());
  backend_->reopen();
  renew("reborn", now + 60'000);
  ASSERT_EQ(sweep().lapsed.size(), backend_->alone() ? 1U : 0U) << "nobody else can have the file";
  SessionOpening again = opening("c");
  again.owner = "reborn";
  const SessionOpened second = open(again);
  EXPECT_TRUE(second.present);
  EXPECT_THAT(second.inbound, ElementsAre(7));
  EXPECT_THAT(second.outbound, ElementsAre(Outbound{1, OutboundState::release, room, 4, 1}));
  ASSERT_EQ(second.wills.size(), 1U);
  EXPECT_TRUE(append_one(inbound(room, second.key, 7, "one"))->duplicate);
  const auto waiting = backlog(second.key);
  ASSERT_EQ(waiting.size(), 1U);
  EXPECT_EQ(waiting[0].low, 3U);
  EXPECT_THAT(waiting[0].above, ElementsAre(5));
  EXPECT_EQ(waiting[0].head, 6U);
}

}  // namespace
}  // namespace parley::contract
