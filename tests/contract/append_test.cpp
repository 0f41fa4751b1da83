// Numbering, retries, isolation of entries at fault.

#include <gmock/gmock.h>

#include "tests/contract/store_contract.h"

namespace parley::contract {
namespace {

TEST_P(StoreContract, NumbersWithoutHolesPerRoomInTheOrderOfTheBatch) {
  const RoomId a = make_room("a");
  const RoomId b = make_room("b");
  Seq next_a = 0;
  Seq next_b = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<NewEntry> batch;
    for (int i = 0; i < 30; ++i) batch.push_back(message(i % 3 == 0 ? b : a, "u", "{}"));
    const auto results = append(std::move(batch));
    ASSERT_EQ(results.size(), 30U);
    for (int i = 0; i < 30; ++i) {
      ASSERT_TRUE(results[static_cast<std::size_t>(i)].ok());
      Seq& next = i % 3 == 0 ? next_b : next_a;
      EXPECT_EQ(results[static_cast<std::size_t>(i)]->seq, ++next);
    }
  }
  const LogPage page = read(a);
  ASSERT_EQ(page.entries.size(), 400U);
  EXPECT_EQ(page.head, 400U);
  for (std::size_t i = 0; i < page.entries.size(); ++i) EXPECT_EQ(page.entries[i]->seq, i + 1);
  EXPECT_EQ(read(b).head, 200U);
}

TEST_P(StoreContract, AnswersAppendsInTheOrderOfTheCalls) {
  const RoomId room = make_room("a");
  std::vector<Seq> seen;
  for (int i = 0; i < 200; ++i) {
    std::vector<NewEntry> batch;
    batch.push_back(message(room, "u", "{}"));
    store().append(std::move(batch), now, [&](Result<std::vector<Result<Appended>>> results) {
      ASSERT_TRUE(results.ok());
      seen.push_back(results->front()->seq);
    });
  }
  ASSERT_TRUE(backend_->executor.run_until([&] { return seen.size() == 200; }));
  for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_EQ(seen[i], i + 1);
}

TEST_P(StoreContract, AnEmptyBatchIsAnswered) { EXPECT_TRUE(append({}).empty()); }

TEST_P(StoreContract, TimeNeverGoesBack) {
  const RoomId room = make_room("a");
  const UnixMs first = now;
  EXPECT_EQ(append_one(message(room, "u", "{}"))->ts, first);
  now = first - 5000;
  EXPECT_EQ(append_one(message(room, "u", "{}"))->ts, first);
  now = first + 7;
  EXPECT_EQ(append_one(message(room, "u", "{}"))->ts, first + 7);
  EXPECT_EQ(view(room, "u").room.last_ts, first + 7);
}

TEST_P(StoreContract, KeepsEveryFieldAndEveryByte) {
  const RoomId room = make_room("a");
  NewEntry entry = message(room, "user\xff", std::string("\x00\xff\xfe bytes \xc3\x28", 12), "cid \xe2\x9c\x93");
  entry.user_name = std::string("n\0l", 3);
  entry.payload = Payload::bytes;
  entry.content_type = "application/octet-stream";
  entry.properties = std::string("\x26\x00\x01k", 4);
  ASSERT_TRUE(append_one(entry).ok());
  const LogPage page = read(room);
  ASSERT_EQ(page.entries.size(), 1U);
  const Entry& kept = *page.entries[0];
  EXPECT_EQ(kept.room, room);
  EXPECT_EQ(kept.seq, 1U);
  EXPECT_EQ(kept.ts, now);
  EXPECT_EQ(kept.type, EntryType::message);
  EXPECT_EQ(kept.payload, Payload::bytes);
  EXPECT_FALSE(kept.edited || kept.deleted);
  EXPECT_EQ(kept.messages, 1U);
  EXPECT_EQ(kept.user_id, entry.user_id);
  EXPECT_EQ(kept.user_name, entry.user_name);
  EXPECT_EQ(kept.cid, entry.cid);
  EXPECT_EQ(kept.body, entry.body);
  EXPECT_EQ(kept.content_type, entry.content_type);
  EXPECT_EQ(kept.properties, entry.properties);
}

TEST_P(StoreContract, CountsMessagesOnly) {
  const RoomId room = make_room("a");
  EXPECT_EQ(append_one(message(room, "u", "{}"))->messages, 1U);
  EXPECT_EQ(append_one(member_change(room, EntryType::join, "v", Role::member))->messages, 1U);
  EXPECT_EQ(append_one(targeted(room, EntryType::edit, "u", 1, "{}"))->messages, 1U);
  EXPECT_EQ(append_one(message(room, "u", "{}"))->messages, 2U);
  EXPECT_EQ(append_one(targeted(room, EntryType::remove, "u", 1, "{}"))->messages, 2U);
  EXPECT_EQ(view(room, "u").room.messages, 2U);
  EXPECT_EQ(read(room).entries.back()->messages, 2U);
}

TEST_P(StoreContract, ARepeatIsADuplicateAndAnotherBodyAConflict) {
  const RoomId room = make_room("a");
  const RoomId other = make_room("b");
  const auto first = append_one(message(room, "u", R"({"text":"hi"})", "c1"));
  ASSERT_TRUE(first.ok());
  EXPECT_FALSE(first->duplicate);
  put(message(room, "u", "{}"));
  now += 1000;
  const auto again = append_one(message(room, "u", R"({"text":"hi"})", "c1"));
  ASSERT_TRUE(again.ok());
  EXPECT_TRUE(again->duplicate);
  EXPECT_EQ(again->seq, first->seq);
  EXPECT_EQ(again->ts, first->ts);
  EXPECT_EQ(again->messages, 1U);
  EXPECT_EQ(append_one(message(room, "u", R"({"text":"ho"})", "c1")).error().code, Code::conflict);
  EXPECT_EQ(append_one(targeted(room, EntryType::edit, "u", 2, R"({"text":"hi"})", "c1")).error().code, Code::conflict);
  // Another user's, another room's, and none at all are no repeats.
  EXPECT_FALSE(append_one(message(room, "v", R"({"text":"hi"})", "c1"))->duplicate);
  EXPECT_FALSE(append_one(message(other, "u", R"({"text":"hi"})", "c1"))->duplicate);
  EXPECT_FALSE(append_one(message(room, "u", R"({"text":"hi"})"))->duplicate);
  EXPECT_FALSE(append_one(message(room, "u", R"({"text":"hi"})"))->duplicate);
  EXPECT_EQ(read(room).head, 5U);
}

TEST_P(StoreContract, ARepeatWithinOneBatchIsADuplicate) {
  const RoomId room = make_room("a");
  std::vector<NewEntry> batch;
  batch.push_back(message(room, "u", "1", "c1"));
  batch.push_back(message(room, "u", "2", "c2"));
  batch.push_back(message(room, "u", "1", "c1"));
  batch.push_back(message(room, "u", "x", "c2"));
  batch.push_back(message(room, "u", "3"));
  const auto results = append(std::move(batch));
  ASSERT_EQ(results.size(), 5U);
  EXPECT_EQ(results[0]->seq, 1U);
  EXPECT_EQ(results[1]->seq, 2U);
  EXPECT_TRUE(results[2].ok() && results[2]->duplicate && results[2]->seq == 1);
  EXPECT_EQ(results[3].error().code, Code::conflict);
  EXPECT_EQ(results[4]->seq, 3U);
}

TEST_P(StoreContract, ARepeatIsKnownAfterAnEditAndAfterADelete) {
  const RoomId room = make_room("a");
  put(message(room, "u", "first", "c1"));
  ASSERT_TRUE(append_one(targeted(room, EntryType::edit, "u", 1, "second", "e1")).ok());
  EXPECT_TRUE(append_one(message(room, "u", "first", "c1"))->duplicate);
  EXPECT_EQ(append_one(message(room, "u", "second", "c1")).error().code, Code::conflict);
  ASSERT_TRUE(append_one(targeted(room, EntryType::remove, "u", 1, "{}", "d1")).ok());
  // The body is gone, so nothing can be compared: every repeat is the same one.
  EXPECT_TRUE(append_one(message(room, "u", "first", "c1"))->duplicate);
  EXPECT_TRUE(append_one(message(room, "u", "other", "c1"))->duplicate);
  EXPECT_TRUE(append_one(targeted(room, EntryType::edit, "u", 1, "second", "e1"))->duplicate);
  const auto removed_again = append_one(targeted(room, EntryType::remove, "u", 1, "{}", "d1"));
  EXPECT_TRUE(removed_again.ok() && removed_again->duplicate && removed_again->seq == 3);
}

TEST_P(StoreContract, TargetsMustBeLiveMessages) {
  const RoomId room = make_room("a");
  const RoomId other = make_room("b");
  put(message(room, "u", "1"));
  put(message(room, "u", "2"));
  put(message(other, "u", "1"));
  put(message(other, "u", "2"));
  put(message(other, "u", "3"));
  ASSERT_TRUE(append_one(targeted(room, EntryType::remove, "u", 2, "{}")).ok());
  const auto code = [&](EntryType type, Seq target) {
    const auto result = append_one(targeted(room, type, "u", target, R"({"key":"+","on":true})"));
    return result.ok() ? std::string("ok") : std::string(to_string(result.error().code));
  };
  for (const EntryType type : {EntryType::edit, EntryType::remove, EntryType::reaction, EntryType::pin}) {
    EXPECT_EQ(code(type, 2), "not_found") << "deleted, " << to_string(type);
    EXPECT_EQ(code(type, 3), "not_found") << "no message, " << to_string(type);
    EXPECT_EQ(code(type, 4), "not_found") << "beyond the head, " << to_string(type);
    EXPECT_EQ(code(type, 0), "not_found") << "none, " << to_string(type);
  }
  EXPECT_EQ(read(room).head, 3U);
  NewEntry foreign = targeted(room, EntryType::edit, "v", 1, "{}");
  foreign.target_author = "v";
  EXPECT_EQ(append_one(foreign).error().code, Code::forbidden);
  foreign.user_id = foreign.target_author = "u";
  EXPECT_TRUE(append_one(foreign).ok());
}

TEST_P(StoreContract, OneEntryAtFaultFailsAlone) {
  const RoomId room = make_room("a");
  put(message(room, "u", "1", "used"));
  std::vector<NewEntry> batch;
  batch.push_back(message(room, "u", "2"));
  batch.push_back(message(987654, "u", "no such room"));
  batch.push_back(targeted(room, EntryType::edit, "u", 99, "no such target"));
  batch.push_back(message(room, "u", std::string(small_entry_bytes_max + 1, 'x')));
  batch.push_back(message(room, "u", "another body", "used"));
  batch.push_back(targeted(room, EntryType::reaction, "u", 1, "not json"));
  batch.push_back(member_change(room, EntryType::join, "g", Role::guest));
  batch.push_back(message(room, std::string("\0\xff", 2), std::string("\xc3\x28\0", 3), std::string("\0", 1)));
  batch.push_back(message(room, "u", std::string(64U << 10U, '/')));
  batch.push_back(message(room, "u", "3"));
  const auto results = append(std::move(batch));
  ASSERT_EQ(results.size(), 10U);
  EXPECT_EQ(results[0]->seq, 2U);
  EXPECT_EQ(results[1].error().code, Code::not_found);
  EXPECT_EQ(results[2].error().code, Code::not_found);
  EXPECT_EQ(results[3].error().code, Code::too_large);
  EXPECT_EQ(results[4].error().code, Code::conflict);
  EXPECT_EQ(results[5].error().code, Code::bad_request);
  EXPECT_EQ(results[6].error().code, Code::bad_request);
  EXPECT_EQ(results[7]->seq, 3U);
  EXPECT_EQ(results[8]->seq, 4U);
  EXPECT_EQ(results[9]->seq, 5U);
  EXPECT_EQ(read(room).entries.size(), 5U);
}

TEST_P(StoreContract, EditsReplaceAndDeletesEraseEveryTrace) {
  const RoomId room = make_room("a");
  NewEntry secret = message(room, "u", "secret one", "c1");
  secret.content_type = "text/secret";
  secret.properties = "secret properties";
  put(secret);
  NewEntry edit = targeted(room, EntryType::edit, "u", 1, "secret two", "c2");
  edit.payload = Payload::text;
  ASSERT_TRUE(append_one(edit).ok());
  {
    const LogPage page = read(room);
    EXPECT_EQ(page.entries[0]->body, "secret two");
    EXPECT_EQ(page.entries[0]->payload, Payload::text);
    EXPECT_TRUE(page.entries[0]->edited);
    EXPECT_TRUE(page.entries[0]->content_type.empty());
    EXPECT_EQ(page.entries[1]->body, "secret two");
    EXPECT_FALSE(page.entries[1]->edited);
  }
  ASSERT_TRUE(append_one(targeted(room, EntryType::edit, "u", 1, "secret three")).ok());
  ASSERT_TRUE(append_one(targeted(room, EntryType::remove, "moderator", 1, "{}")).ok());
  const LogPage page = read(room);
  ASSERT_EQ(page.entries.size(), 4U);
  for (int i = 0; i < 3; ++i) {
    const Entry& entry = *page.entries[static_cast<std::size_t>(i)];
    EXPECT_TRUE(entry.deleted);
    EXPECT_EQ(entry.body + entry.content_type + entry.properties, "");
  }
  EXPECT_FALSE(page.entries[3]->deleted);
}

TEST_P(StoreContract, EffectsOfARefusedEntryDoNotHappen) {
  const RoomId room = make_room("a");
  put(message(room, "owner", "1", "used"));
  NewEntry join = member_change(room, EntryType::join, "v", Role::member);
  join.cid = "used";
  join.settings = RoomChange{"new title", std::nullopt, std::nullopt};
  EXPECT_EQ(append_one(join).error().code, Code::conflict);
  EXPECT_FALSE(member(room, "v").ok());
  EXPECT_EQ(view(room, "v").room.title, "");
}

TEST_P(StoreContract, ReadsInPages) {
  const RoomId room = make_room("a");
  std::vector<NewEntry> batch;
  for (int i = 0; i < 100; ++i) batch.push_back(message(room, "u", std::string(1000, 'x')));
  append(std::move(batch));
  EXPECT_EQ(read(room, 0, 10).entries.size(), 10U);
  EXPECT_EQ(read(room, 95, 10).entries.size(), 5U);
  EXPECT_EQ(read(room, 95, 10).entries.front()->seq, 96U);
  EXPECT_TRUE(read(room, 100, 10).entries.empty());
  EXPECT_TRUE(read(room, 5000, 10).entries.empty());
  EXPECT_TRUE(read(room, ~Seq{0}, 10).entries.empty());
  const std::size_t by_bytes = read(room, 0, 100, 10'000).entries.size();
  EXPECT_GE(by_bytes, 5U);
  EXPECT_LE(by_bytes, 10U);
  EXPECT_EQ(read(room, 0, 100, 1).entries.size(), 1U);
  EXPECT_EQ(ask<LogPage>([&](Reply<LogPage> done) { store().read(4711, 0, 1, 1, std::move(done)); }).error().code,
            Code::not_found);
}

TEST_P(StoreContract, WhatWasAnsweredIsReadAtOnce) {
  const RoomId room = make_room("a");
  for (Seq i = 1; i <= 100; ++i) {
    ASSERT_EQ(append_one(message(room, "u", "{}"))->seq, i);
    ASSERT_EQ(read(room, i - 1).head, i);
  }
}

}  // namespace
}  // namespace parley::contract
