// Pruning and the floor.

#include "tests/contract/store_contract.h"

namespace parley::contract {
namespace {

TEST_P(StoreContract, PrunesByCountInSmallSteps) {
  const RoomId a = make_room("a");
  const RoomId b = make_room("b");
  std::vector<NewEntry> batch;
  for (int i = 0; i < 100; ++i) batch.push_back(message(a, "u", "x", "c" + std::to_string(i)));
  for (int i = 0; i < 5; ++i) batch.push_back(message(b, "u", "x"));
  append(std::move(batch));
  Retention retention;
  EXPECT_TRUE(prune(retention).empty()) << "no limits";
  retention.entries_max = 10;
  retention.rows_max = 40;
  auto moved = prune(retention);
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].room, a);
  EXPECT_EQ(moved[0].floor, 41U);
  EXPECT_EQ(prune(retention)[0].floor, 81U);
  EXPECT_EQ(prune(retention)[0].floor, 91U);
  EXPECT_TRUE(prune(retention).empty());

  const LogPage page = read(a, 3, 1000);
  EXPECT_EQ(page.floor, 91U);
  EXPECT_EQ(page.head, 100U);
  ASSERT_EQ(page.entries.size(), 10U);
  EXPECT_EQ(page.entries.front()->seq, 91U);
  EXPECT_EQ(view(a, "v").room.floor, 91U);
  EXPECT_EQ(view(a, "v").room.messages, 100U);
  EXPECT_EQ(view(a, "v").unread, 10U);
  EXPECT_EQ(read(b).entries.size(), 5U);
  HistoryQuery query;
  query.room = a;
  query.before = 93;
  const HistoryPage history_page = history(query);
  EXPECT_EQ(history_page.items.size(), 2U);
  EXPECT_EQ(history_page.floor, 91U);
  EXPECT_FALSE(history_page.more);
}

TEST_P(StoreContract, PrunesByAgeDownToNothing) {
  const RoomId room = make_room("a");
  for (int i = 0; i < 4; ++i) {
    put(message(room, "u", "x"));
    now += 1000;
  }
  Retention retention;
  retention.age_max_ms = 2500;
  auto moved = prune(retention);  // ages 4000, 3000, 2000, 1000
  ASSERT_EQ(moved.size(), 1U);
  EXPECT_EQ(moved[0].floor, 3U);
  EXPECT_TRUE(prune(retention).empty());
  const UnixMs last_ts = now - 1000;
  now += 100'000;
  EXPECT_EQ(prune(retention)[0].floor, 5U);
  const RoomInfo info = view(room, "u").room;
  EXPECT_EQ(info.head, 4U);
  EXPECT_EQ(info.floor, 5U);
  EXPECT_EQ(info.messages, 4U);
  EXPECT_EQ(info.last_ts, last_ts);
  EXPECT_TRUE(read(room).entries.empty());
  if (backend_->survives_reopening()) backend_->reopen();
  now = last_ts - 50;
  const auto next = append_one(message(room, "u", "x"));
  EXPECT_EQ(next->seq, 5U) << "numbers go on where they were";
  EXPECT_EQ(next->messages, 5U);
  EXPECT_EQ(next->ts, last_ts);
}

TEST_P(StoreContract, WhatWasPrunedIsNoTargetAndItsCidIsFree) {
  const RoomId room = make_room("a");
  put(message(room, "u", "1", "c1"));
  put(targeted(room, EntryType::reaction, "u", 1, R"({"key":"x","on":true})"));
  put(message(room, "u", "3"));
  Retention retention;
  retention.entries_max = 1;
  ASSERT_EQ(prune(retention).size(), 1U);
  EXPECT_EQ(append_one(targeted(room, EntryType::edit, "u", 1, "x")).error().code, Code::not_found);
  const auto again = append_one(message(room, "u", "1", "c1"));
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->duplicate);
  EXPECT_EQ(again->seq, 4U);
}

TEST_P(StoreContract, TwoStepsAtOnceRemoveNothingTwice) {
  const RoomId room = make_room("a");
  std::vector<NewEntry> batch;
  for (int i = 0; i < 50; ++i) batch.push_back(message(room, "u", "x"));
  append(std::move(batch));
  Retention retention;
  retention.entries_max = 7;
  int answers = 0;
  for (int i = 0; i < 4; ++i) {
    store().prune(retention, now, [&](Result<std::vector<Pruned>> moved) {
      EXPECT_TRUE(moved.ok());
      ++answers;
    });
  }
  ASSERT_TRUE(backend_->executor.run_until([&] { return answers == 4; }));
  EXPECT_EQ(read(room).entries.size(), 7U);
  EXPECT_EQ(read(room).floor, 44U);
}

}  // namespace
}  // namespace parley::contract
