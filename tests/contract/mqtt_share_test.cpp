// `$share` groups: every entry to one member.

#include <gmock/gmock.h>

#include "tests/contract/mqtt_contract.h"

namespace parley::contract {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

const std::string filter = "$share/g/t/+";

SeqRange range(Seq first, Seq last) { return {first, last}; }

TEST_P(MqttContract, AGroupBeginsAtTheHeadsThatItsFirstMemberFound) {
  const RoomId room = make_room("t/a");
  fill(room, 3);
  const SessionKey first = open("c").key;
  const auto matched = subscribe(first, at(filter));
  ASSERT_EQ(matched.size(), 1U);
  EXPECT_EQ(matched[0].low, 3U);
  EXPECT_THAT(share_backlog(filter), IsEmpty());
  fill(room, 2);
  const SessionKey second = open("d").key;
  EXPECT_EQ(subscribe(second, at(filter))[0].low, 3U) << "the second member takes nothing away";
  fill(make_room("t/later"), 4);
  const auto work = share_backlog(filter);
  ASSERT_THAT(names(work), ElementsAre("t/a", "t/later"));
  EXPECT_EQ(work[0].low, 3U);
  EXPECT_EQ(work[1].low, 0U);
  EXPECT_THAT(backlog(first), IsEmpty()) << "a group's entries are no member's own backlog";
  EXPECT_THAT(share_backlog("$share/h/t/+"), IsEmpty());
}

TEST_P(MqttContract, NoEntryIsClaimedTwice) {
  const RoomId room = make_room("t/a");
  const SessionKey first = open("c").key;
  const SessionKey second = open("d").key;
  subscribe(first, at(filter));
  subscribe(second, at(filter));
  fill(room, 10);
  EXPECT_THAT(*claim(first, filter, room, 4), ElementsAre(range(1, 4)));
  EXPECT_THAT(*claim(second, filter, room, 3), ElementsAre(range(5, 7)));
  EXPECT_THAT(*claim(first, filter, room, 100), ElementsAre(range(8, 10)));
  EXPECT_THAT(*claim(second, filter, room, 100), IsEmpty());
  EXPECT_THAT(claims(first), ElementsAre(ShareClaims{filter, room, {{1, 4}, {8, 10}}}));
  EXPECT_THAT(claims(second), ElementsAre(ShareClaims{filter, room, {{5, 7}}}));
  EXPECT_EQ(claim(first, "$share/other/t/+", room, 1).error().code, Code::not_found);
}

TEST_P(MqttContract, ReturnedEntriesGoToAnother) {
  const RoomId room = make_room("t/a");
  const SessionKey first = open("c").key;
  const SessionKey second = open("d").key;
  subscribe(first, at(filter));
  subscribe(second, at(filter));
  fill(room, 12);
  ASSERT_TRUE(claim(first, filter, room, 10).ok());
  SessionSave progress;
  progress.session = first;
  progress.shares = {{filter, room, {{2, 3}, {11, 12}}, {{5, 6}, {9, 9}}}};
  ASSERT_TRUE(save(progress).ok());
  EXPECT_THAT(claims(first), ElementsAre(ShareClaims{filter, room, {{1, 1}, {4, 4}, {7, 8}, {10, 10}}}));
  ASSERT_EQ(share_backlog(filter).size(), 1U);
  EXPECT_THAT(*claim(second, filter, room, 1), ElementsAre(range(5, 5)));
  EXPECT_THAT(*claim(second, filter, room, 3), ElementsAre(range(6, 6), range(9, 9), range(11, 11)));
  EXPECT_THAT(*claim(first, filter, room, 100), ElementsAre(range(12, 12)));
  EXPECT_THAT(share_backlog(filter), IsEmpty());
}

TEST_P(MqttContract, WhatOneSessionSavesMayFinishAnothersClaims) {
  const RoomId room = make_room("t/a");
  const SessionKey claimer = open("c").key;
  const SessionKey member = open("d").key;
  subscribe(claimer, at(filter));
  fill(room, 6);
  ASSERT_TRUE(claim(claimer, filter, room, 6).ok());
  const auto save_one = [&](SessionKey key, SessionKey of, Seq seq) {
    SessionSave wanted;
    wanted.session = key;
    wanted.shares_of = of;
    wanted.shares = {{filter, room, {{seq, seq}}, {}}};
    return save(wanted);
  };
  ASSERT_TRUE(save_one(member, claimer, 2).ok());
  EXPECT_THAT(claims(claimer), ElementsAre(ShareClaims{filter, room, {{1, 1}, {3, 6}}}));
  SessionKey lost = member;
  --lost.generation;
  EXPECT_TRUE(is_session_lost(save_one(lost, claimer, 3).error())) << "all of it is refused";
  SessionKey nobody = claimer;
  --nobody.generation;
  EXPECT_TRUE(save_one(member, nobody, 4).ok()) << "what is the member's own is saved";
  EXPECT_THAT(claims(claimer), ElementsAre(ShareClaims{filter, room, {{1, 1}, {3, 6}}}));
}

TEST_P(MqttContract, ClaimsLapseWithTheLeaseButForQosTwoUnderWay) {
  const RoomId room = make_room("t/a");
  SessionOpening elsewhere = opening("c", 5);
  elsewhere.owner = "there";
  renew("there", now + 1000);
  const SessionKey dead = open(elsewhere).key;
  const SessionKey living = open("d").key;
  subscribe(dead, at(filter, mqtt::QoS::exactly_once));
  subscribe(living, at(filter));
  fill(room, 5);
  ASSERT_TRUE(claim(dead, filter, room, 5).ok());
  SessionSave window;
  window.session = dead;
  window.outbound = {{1, OutboundState::publish_qos2, room, 2, 1}, {2, OutboundState::publish_qos1, room, 3, 2}};
  ASSERT_TRUE(save(window).ok());
  EXPECT_THAT(*claim(living, filter, room, 10), IsEmpty());
  now += 1000;
  ASSERT_EQ(sweep().lapsed.size(), 1U);
  EXPECT_THAT(*claim(living, filter, room, 10), ElementsAre(range(1, 1), range(3, 5)));
  // The member returns to what is its own; when its session ends that goes to nobody.
  SessionOpening again = opening("c", 5);
  const SessionKey returned = open(again).key;
  EXPECT_THAT(claims(returned), ElementsAre(ShareClaims{filter, room, {{2, 2}}}));
  ASSERT_TRUE(close(returned, 0).ok());
  EXPECT_THAT(*claim(living, filter, room, 10), IsEmpty());
}

TEST_P(MqttContract, ClaimsGoBackWhenTheirSessionEnds) {
  const RoomId room = make_room("t/a");
  const SessionKey first = open(opening("c", 0)).key;
  const SessionKey second = open("d").key;
  subscribe(first, at(filter));
  subscribe(second, at(filter));
  fill(room, 3);
  ASSERT_TRUE(claim(first, filter, room, 2).ok());
  ASSERT_TRUE(close(first).ok());
  EXPECT_THAT(*claim(second, filter, room, 9), ElementsAre(range(1, 3)));
}

TEST_P(MqttContract, AGroupIsForgottenWithItsLastMember) {
  const RoomId room = make_room("t/a");
  const SessionKey first = open("c").key;
  const SessionKey second = open("d").key;
  subscribe(first, at(filter));
  subscribe(second, at(filter));
  subscribe(second, at(filter, mqtt::QoS::exactly_once));  // once more is still one member
  fill(room, 2);
  unsubscribe(second, {filter});
  EXPECT_EQ(share_backlog(filter).size(), 1U);
  unsubscribe(first, {filter});
  EXPECT_THAT(share_backlog(filter), IsEmpty());
  fill(room, 2);
  EXPECT_EQ(subscribe(first, at(filter))[0].low, 4U) << "a new group begins at the head";
}

}  // namespace
}  // namespace parley::contract
