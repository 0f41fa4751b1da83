// Pages of history: both directions, what is folded in, unread counts.

#include <gmock/gmock.h>

#include "tests/contract/store_contract.h"

namespace parley::contract {
namespace {

using ::testing::ElementsAre;

std::vector<Seq> seqs(const HistoryPage& page) {
  std::vector<Seq> out;
  for (const auto& item : page.items) out.push_back(item.entry->seq);
  return out;
}

HistoryQuery query(RoomId room, unsigned limit) {
  HistoryQuery out;
  out.room = room;
  out.limit = limit;
  return out;
}

std::string reaction(const std::string& key, bool on) { return R"({"key":")" + key + R"(","on":)" + (on ? "true}" : "false}"); }

TEST_P(StoreContract, HistoryPagesBothWays) {
  const RoomId room = make_room("a");
  for (int i = 1; i <= 9; ++i) put(message(room, "u", std::to_string(i)));
  put(targeted(room, EntryType::edit, "u", 2, "edited"));                 // 10
  put(targeted(room, EntryType::reaction, "u", 3, reaction("+", true)));  // 11
  put(targeted(room, EntryType::remove, "u", 4, "{}"));                   // 12
  put(targeted(room, EntryType::pin, "u", 5, R"({"on":true})"));          // 13

  HistoryPage page = history(query(room, 4));
  EXPECT_THAT(seqs(page), ElementsAre(7, 8, 9, 13));
  EXPECT_TRUE(page.more);
  EXPECT_EQ(page.as_of, 13U);
  EXPECT_EQ(page.floor, 1U);

  HistoryQuery back = query(room, 4);
  back.before = 7;
  page = history(back);
  EXPECT_THAT(seqs(page), ElementsAre(3, 4, 5, 6));
  EXPECT_TRUE(page.more);
  back.before = 3;
  page = history(back);
  EXPECT_THAT(seqs(page), ElementsAre(1, 2));
  EXPECT_FALSE(page.more);
  back.before = 1;
  EXPECT_TRUE(history(back).items.empty());

  HistoryQuery on = query(room, 4);
  on.has_after = true;
  page = history(on);
  EXPECT_THAT(seqs(page), ElementsAre(1, 2, 3, 4));
  EXPECT_TRUE(page.more);
  EXPECT_EQ(page.items[1].entry->body, "edited");
  EXPECT_TRUE(page.items[1].entry->edited);
  EXPECT_TRUE(page.items[3].entry->deleted);
  EXPECT_EQ(page.items[3].entry->body, "");
  on.after = 8;
  page = history(on);
  EXPECT_THAT(seqs(page), ElementsAre(9, 13));
  EXPECT_FALSE(page.more);
  on.after = 13;
  EXPECT_TRUE(history(on).items.empty());
  EXPECT_FALSE(history(on).more);
}

TEST_P(StoreContract, HistoryOfAnEmptyAndOfAnUnknownRoom) {
  const RoomId room = make_room("a");
  const HistoryPage page = history(query(room, 50));
  EXPECT_TRUE(page.items.empty());
  EXPECT_FALSE(page.more);
  EXPECT_EQ(page.as_of, 0U);
  const auto unknown = ask<HistoryPage>([&](Reply<HistoryPage> done) { store().history(query(999, 5), std::move(done)); });
  EXPECT_EQ(unknown.error().code, Code::not_found);
}

TEST_P(StoreContract, ReactionsAreStateNotToggles) {
  const RoomId room = make_room("a");
  put(message(room, "u", "1"));
  put(message(room, "u", "2"));
  const auto react = [&](const std::string& user, const std::string& key, bool on) {
    ASSERT_TRUE(append_one(targeted(room, EntryType::reaction, user, 1, reaction(key, on))).ok());
  };
  react("ada", "👍", true);
  react("ada", "👍", true);
  react("bob", "❤", true);
  react("bob", "👍", true);
  react("cyd", "👍", true);
  react("cyd", "👍", false);
  react("cyd", "👀", false);

  HistoryQuery wanted = query(room, 10);
  wanted.viewer = "bob";
  HistoryPage page = history(wanted);
  ASSERT_EQ(page.items.size(), 2U);
  ASSERT_EQ(page.items[0].reactions.size(), 2U);
  const Reaction& thumbs = page.items[0].reactions[0];
  EXPECT_EQ(thumbs.key, "👍");
  EXPECT_EQ(thumbs.count, 2U);
  EXPECT_TRUE(thumbs.mine);
  EXPECT_THAT(thumbs.names, ElementsAre("ada", "bob"));
  EXPECT_EQ(page.items[0].reactions[1].key, "❤");
  EXPECT_TRUE(page.items[1].reactions.empty());
  wanted.viewer = "cyd";
  EXPECT_FALSE(history(wanted).items[0].reactions[0].mine);

  put(targeted(room, EntryType::remove, "u", 1, "{}"));
  EXPECT_TRUE(history(wanted).items[0].reactions.empty());
}

TEST_P(StoreContract, AtMostTenNamesOfAReaction) {
  const RoomId room = make_room("a");
  put(message(room, "u", "1"));
  std::vector<NewEntry> batch;
  for (int i = 0; i < 25; ++i) {
    batch.push_back(targeted(room, EntryType::reaction, "user" + std::to_string(i), 1, reaction("x", true)));
  }
  append(std::move(batch));
  const HistoryPage page = history(query(room, 10));
  ASSERT_EQ(page.items[0].reactions.size(), 1U);
  EXPECT_EQ(page.items[0].reactions[0].count, 25U);
  EXPECT_EQ(page.items[0].reactions[0].names.size(), 10U);
  EXPECT_EQ(page.items[0].reactions[0].names[0], "user0");
}

TEST_P(StoreContract, UnreadCountsLiveMessagesOfOthersAfterTheMark) {
  const RoomId room = make_room("a");
  put(message(room, "ada", "1"));
  put(message(room, "bob", "2"));
  put(message(room, "bob", "3"));
  put(member_change(room, EntryType::join, "cyd", Role::member));
  put(message(room, "bob", "5"));
  EXPECT_EQ(view(room, "ada").unread, 3U);
  EXPECT_EQ(view(room, "bob").unread, 1U);
  put(targeted(room, EntryType::remove, "bob", 3, "{}"));
  EXPECT_EQ(view(room, "ada").unread, 2U);

  ReadMark mark = set_read(room, "ada", 2);
  EXPECT_EQ(mark.seq, 2U);
  EXPECT_EQ(mark.unread, 1U);
  EXPECT_EQ(view(room, "ada").read, 2U);
  mark = set_read(room, "ada", 1);
  EXPECT_EQ(mark.seq, 2U) << "a mark never goes back";
  mark = set_read(room, "ada", 4000);
  EXPECT_EQ(mark.seq, 6U) << "a mark is never beyond the head";
  EXPECT_EQ(mark.unread, 0U);
  EXPECT_EQ(view(room, "bob").read, 0U);
  const auto unknown = ask<ReadMark>([&](Reply<ReadMark> done) { store().set_read(999, "ada", 1, std::move(done)); });
  EXPECT_EQ(unknown.error().code, Code::not_found);
}

TEST_P(StoreContract, UnreadStopsAtAThousand) {
  const RoomId room = make_room("a");
  std::vector<NewEntry> batch;
  for (int i = 0; i < 1200; ++i) batch.push_back(message(room, "bob", "x"));
  append(std::move(batch));
  EXPECT_EQ(view(room, "ada").unread, 1000U);
  EXPECT_EQ(set_read(room, "ada", 300).unread, 900U);
}

}  // namespace
}  // namespace parley::contract
