// Filters, cursors, retained messages, expiry, and what pruning leaves for sessions.

#include <gmock/gmock.h>

#include <algorithm>

#include "tests/contract/mqtt_contract.h"

namespace parley::contract {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST_P(MqttContract, FiltersFindRoomsByName) {
  for (const char* name : {"a", "a/b", "a/b/c", "a/c", "ab", "/a", "b/a"}) make_room(name);
  EXPECT_THAT(names(match("a")), ElementsAre("a"));
  EXPECT_THAT(names(match("a/#")), ElementsAre("a", "a/b", "a/b/c", "a/c"));
  EXPECT_THAT(names(match("a/+")), ElementsAre("a/b", "a/c"));
  EXPECT_THAT(names(match("+/a")), ElementsAre("/a", "b/a"));
  EXPECT_THAT(names(match("#")), ElementsAre("/a", "a", "a/b", "a/b/c", "a/c", "ab", "b/a"));
  EXPECT_THAT(names(match("nothing")), IsEmpty());
  EXPECT_THAT(names(match("nothing/#")), IsEmpty());
  for (unsigned rooms_max = 1; rooms_max < 9; ++rooms_max) {
    EXPECT_THAT(names(match("a/#", false, rooms_max)), ElementsAre("a", "a/b", "a/b/c", "a/c")) << rooms_max;
  }
}

TEST_P(MqttContract, SubscribeNotesTheHeadsAndLaterRoomsStartAtZero) {
  const RoomId before = make_room("t/before");
  fill(before, 4);
  const SessionKey key = open("c").key;
  const auto matched = subscribe(key, at("t/#"));
  ASSERT_EQ(matched.size(), 1U);
  EXPECT_EQ(matched[0].head, 4U);
  EXPECT_EQ(matched[0].low, 4U);
  EXPECT_THAT(backlog(key), IsEmpty());
  const RoomId later = make_room("t/later");
  fill(later, 2);
  fill(before, 1);
  fill(make_room("u"), 1);
  const auto waiting = backlog(key);
  ASSERT_THAT(names(waiting), ElementsAre("t/before", "t/later"));
  EXPECT_EQ(waiting[0].low, 4U);
  EXPECT_EQ(waiting[1].low, 0U);
  EXPECT_EQ(waiting[1].head, 2U);
}

TEST_P(MqttContract, ASecondSubscriptionMovesNoCursor) {
  const RoomId room = make_room("t/a");
  fill(room, 4);
  const SessionKey key = open("c").key;
  subscribe(key, at("t/#"));
  fill(room, 2);
  const RoomId later = make_room("t/later");
  fill(later, 3);
  // Overlapping, and the same again: what waits goes on to wait, also where there is no cursor yet.
  subscribe(key, at("t/+", mqtt::QoS::exactly_once));
  subscribe(key, at("t/later"));
  subscribe(key, at("t/#"));
  const auto waiting = backlog(key);
  ASSERT_THAT(names(waiting), ElementsAre("t/a", "t/later"));
  EXPECT_EQ(waiting[0].low, 4U);
  EXPECT_EQ(waiting[1].low, 0U);
}

TEST_P(MqttContract, AfterUnsubscribeASubscriptionBeginsAnew) {
  const RoomId room = make_room("t/a");
  const SessionKey key = open("c").key;
  for (const char* filter : {"t/#", "t/a"}) {
    subscribe(key, at(filter));
    fill(room, 2);
    EXPECT_EQ(backlog(key).size(), 1U);
    unsubscribe(key, {filter});
    EXPECT_THAT(backlog(key), IsEmpty());
    fill(room, 2);
    const bool swept_before = filter == std::string("t/#");
    if (swept_before) sweep();
    const auto matched = subscribe(key, at(filter));
    ASSERT_EQ(matched.size(), 1U);
    EXPECT_EQ(matched[0].low, matched[0].head);
    unsubscribe(key, {filter});
  }
}

TEST_P(MqttContract, QosZeroKeepsNoCursor) {
  const RoomId room = make_room("a");
  const SessionKey key = open("c").key;
  subscribe(key, at("a", mqtt::QoS::at_most_once));
  fill(room, 3);
  EXPECT_THAT(backlog(key), IsEmpty());
  const auto upgraded = subscribe(key, at("a"));
  EXPECT_EQ(upgraded[0].low, 3U) << "what was for QoS 0 is gone";
}

TEST_P(MqttContract, ABacklogIsToldOnceAndByPages) {
  const SessionKey key = open("c").key;
  subscribe(key, at("a/#"));
  subscribe(key, at("+/x"));
  subscribe(key, at("a/x"));
  subscribe(key, at("z"));
  for (const char* name : {"a/x", "a/y", "a/z", "b/x", "c/x", "c/y", "z"}) fill(make_room(name), 1);
  for (unsigned rooms_max = 1; rooms_max < 9; ++rooms_max) {
    auto told = names(backlog(key, rooms_max));
    std::sort(told.begin(), told.end());
    EXPECT_THAT(told, ElementsAre("a/x", "a/y", "a/z", "b/x", "c/x", "z")) << rooms_max;
  }
}

TEST_P(MqttContract, CursorsKeepTheirSparseSet) {
  const RoomId room = make_room("a");
  const SessionKey key = open("c").key;
  subscribe(key, at("a"));
  fill(room, 3000);
  const std::vector<Seq> above = {3, 4, 200, 201, 2999};
  ASSERT_TRUE(save(cursor(key, room, 1, above)).ok());
  EXPECT_EQ(backlog(key)[0].low, 1U);
  EXPECT_EQ(backlog(key)[0].above, above);
  ASSERT_TRUE(save(cursor(key, room, 2999)).ok());
  EXPECT_THAT(backlog(key)[0].above, IsEmpty());
  ASSERT_TRUE(save(cursor(key, room, 3000)).ok());
  EXPECT_THAT(backlog(key), IsEmpty());
}

// ---- retained messages

TEST_P(MqttContract, ARoomHasOneRetainedMessage) {
  const RoomId room = make_room("a");
  NewEntry first = retained(room, "one");
  first.payload = Payload::bytes;
  first.content_type = "text/plain";
  first.properties = std::string("\x01\0", 2);
  first.cid = "cid";
  put(first);
  put(message(room, "u", "between"));
  auto found = match("a", true);
  ASSERT_EQ(found.size(), 1U);
  ASSERT_NE(found[0].retained, nullptr);
  const Entry& entry = *found[0].retained;
  EXPECT_EQ(entry.room, room);
  EXPECT_EQ(entry.seq, 1U);
  EXPECT_EQ(entry.ts, now);
  EXPECT_EQ(entry.type, EntryType::message);
  EXPECT_EQ(entry.payload, Payload::bytes);
  EXPECT_EQ(entry.messages, 1U);
  EXPECT_EQ(entry.user_id, "u");
  EXPECT_EQ(entry.user_name, "u");
  EXPECT_EQ(entry.cid, "cid");
  EXPECT_EQ(entry.content_type, first.content_type);
  EXPECT_EQ(entry.properties, first.properties);
  EXPECT_EQ(entry.body, "one");
  EXPECT_EQ(found[0].head, 2U);
  EXPECT_EQ(match("a")[0].retained, nullptr) << "not asked for";
  put(retained(room, "two"));
  EXPECT_EQ(match("a", true)[0].retained->body, "two");
  put(first);  // a repeat changes nothing
  EXPECT_EQ(match("a", true)[0].retained->body, "two");
  put(retained(room, ""));
  EXPECT_EQ(match("a", true)[0].retained, nullptr);
  EXPECT_EQ(read(room).head, 4U) << "an entry all the same";
}

TEST_P(MqttContract, SubscribeBringsRetainedMessagesAtOnePosition) {
  for (int i = 0; i < 5; ++i) {
    const RoomId room = make_room("r/" + std::to_string(i));
    if (i % 2 == 0) put(retained(room, std::to_string(i)));
    fill(room, 2);
  }
  const SessionKey key = open("c").key;
  const auto rooms = subscribe(key, at("r/+"), true, 2);
  ASSERT_EQ(rooms.size(), 5U);
  for (std::size_t i = 0; i < rooms.size(); ++i) {
    ASSERT_EQ(rooms[i].retained != nullptr, i % 2 == 0);
    if (rooms[i].retained == nullptr) continue;
    EXPECT_LE(rooms[i].retained->seq, rooms[i].low);
  }
  for (const MatchedRoom& each : subscribe(key, at("$share/g/r/+"), true)) EXPECT_EQ(each.retained, nullptr);
}

TEST_P(MqttContract, DeletedMeansGoneForRetainedMessagesToo) {
  const RoomId room = make_room("a");
  put(retained(room, "secret"));
  NewEntry edit = targeted(room, EntryType::edit, "u", 1, "softer");
  edit.payload = Payload::text;
  edit.content_type = "text/plain";
  put(edit);
  auto found = match("a", true);
  ASSERT_NE(found[0].retained, nullptr);
  EXPECT_EQ(found[0].retained->body, "softer");
  EXPECT_EQ(found[0].retained->content_type, "text/plain");
  EXPECT_EQ(found[0].retained->payload, Payload::text);
  EXPECT_TRUE(found[0].retained->edited);
  put(message(room, "u", "other"));
  put(targeted(room, EntryType::remove, "u", 3, ""));
  EXPECT_NE(match("a", true)[0].retained, nullptr) << "another message's delete";
  put(targeted(room, EntryType::remove, "u", 1, ""));
  EXPECT_EQ(match("a", true)[0].retained, nullptr);
}

TEST_P(MqttContract, EntriesAndRetainedMessagesExpire) {
  const RoomId room = make_room("a");
  put(retained(room, "brief", now + 1000));
  const LogPage page = read(room);
  EXPECT_EQ(page.entries[0]->expires, now + 1000);
  EXPECT_EQ(match("a", true)[0].retained->expires, now + 1000);
  put(message(room, "u", "{}"));
  EXPECT_EQ(read(room).entries[1]->expires, 0);
  now += 999;
  EXPECT_NE(match("a", true)[0].retained, nullptr);
  now += 1;
  EXPECT_EQ(match("a", true)[0].retained, nullptr);
  EXPECT_EQ(read(room).entries.size(), 2U) << "an expired entry keeps its number and its place";
}

TEST_P(MqttContract, ARetainedMessageOutlivesItsEntry) {
  const RoomId room = make_room("a");
  put(retained(room, "kept"));
  fill(room, 10);
  Retention retention;
  retention.entries_max = 2;
  while (!prune(retention).empty()) {
  }
  EXPECT_EQ(read(room).floor, 10U);
  EXPECT_EQ(match("a", true)[0].retained->body, "kept");
}

// ---- pruning

TEST_P(MqttContract, PruningWaitsForCursorsUpToACap) {
  const RoomId room = make_room("t/a");
  const SessionKey key = open(opening("c", 10)).key;
  subscribe(key, at("t/#"));
  fill(room, 10);
  const RoomId later = make_room("t/later");
  fill(later, 10);
  ASSERT_TRUE(save(cursor(key, room, 4)).ok());
  Retention retention;
  retention.entries_max = 2;
  const auto prune_all = [&] {
    while (!prune(retention).empty()) {
    }
  };
  prune_all();
  EXPECT_EQ(read(room).floor, 5U);
  EXPECT_EQ(read(later).floor, 1U) << "its cursor stands at 0, though nobody wrote it";
  retention.held_entries_max = 3;
  prune_all();
  EXPECT_EQ(read(room).floor, 6U);
  EXPECT_EQ(read(later).floor, 6U);
  ASSERT_TRUE(close(key).ok());
  now += 10'000;
  sweep();
  sweep();
  prune_all();
  EXPECT_EQ(read(room).floor, 9U);
  EXPECT_EQ(read(later).floor, 9U);
}

TEST_P(MqttContract, PruningWaitsForGroups) {
  const RoomId room = make_room("a");
  const SessionKey key = open("c").key;
  const std::string filter = "$share/g/a";
  subscribe(key, at(filter));
  fill(room, 10);
  ASSERT_EQ(claim(key, filter, room, 6)->size(), 1U);
  SessionSave progress;
  progress.session = key;
  progress.shares = {{filter, room, {{1, 3}}, {}}};
  ASSERT_TRUE(save(progress).ok());
  Retention retention;
  retention.entries_max = 1;
  prune(retention);
  EXPECT_EQ(read(room).floor, 4U);
  unsubscribe(key, {filter});
  prune(retention);
  EXPECT_EQ(read(room).floor, 10U);
}

}  // namespace
}  // namespace parley::contract
