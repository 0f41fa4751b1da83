// Opening again, closing, going away.

#include "tests/contract/store_contract.h"

namespace parley::contract {
namespace {

TEST_P(StoreContract, ReopeningKeepsEverything) {
  if (!backend_->survives_reopening()) GTEST_SKIP() << "a store in memory";
  const std::string epoch = store().epoch();
  EXPECT_FALSE(epoch.empty());
  const RoomId room = make_room("a", Visibility::closed, "owner");
  put(message(room, "u", "1", "c1"));
  put(targeted(room, EntryType::reaction, "u", 1, R"({"key":"x","on":true})"));
  put(member_change(room, EntryType::join, "ada", Role::moderator));
  set_read(room, "ada", 1);

  for (int round = 0; round < 3; ++round) {
    backend_->reopen();
    EXPECT_EQ(store().epoch(), epoch) << "a restart is no new life of the log";
    const RoomView seen = view(room, "ada");
    EXPECT_EQ(seen.room.name, "a");
    EXPECT_EQ(seen.room.head, 3U + static_cast<Seq>(round));
    EXPECT_EQ(seen.room.members, 2U);
    EXPECT_EQ(seen.role, Role::moderator);
    EXPECT_EQ(seen.read, 1U);
    HistoryQuery query;
    query.room = room;
    EXPECT_EQ(history(query).items[0].reactions.size(), 1U);
    EXPECT_TRUE(append_one(message(room, "u", "1", "c1"))->duplicate);
    EXPECT_EQ(append_one(message(room, "u", "2"))->seq, 4U + static_cast<Seq>(round));
  }
  EXPECT_GT(make_room("b"), room);
}

TEST_P(StoreContract, CloseFinishesWhatIsUnderWayAndIsTheLastWord) {
  const RoomId room = make_room("a");
  int answered = 0;
  bool closed = false;
  for (int i = 0; i < 50; ++i) {
    std::vector<NewEntry> batch;
    batch.push_back(message(room, "u", "x"));
    store().append(std::move(batch), now, [&](Result<std::vector<Result<Appended>>> results) {
      EXPECT_TRUE(results.ok());
      EXPECT_FALSE(closed);
      ++answered;
    });
    store().read(room, 0, 10, 1000, [&](Result<LogPage>) {
      EXPECT_FALSE(closed);
      ++answered;
    });
  }
  store().close([&] { closed = true; });
  store().probe([&](Status) { ADD_FAILURE() << "a call after close was answered"; });
  ASSERT_TRUE(backend_->executor.run_until([&] { return closed; }));
  EXPECT_EQ(answered, 100);
  backend_->executor.run();
  EXPECT_EQ(answered, 100);
}

TEST_P(StoreContract, NoCallbackRunsAfterTheStoreIsGone) {
  const RoomId room = make_room("a");
  auto token = std::make_shared<int>(0);
  for (int i = 0; i < 50; ++i) {
    std::vector<NewEntry> batch;
    batch.push_back(message(room, "u", "x"));
    store().append(std::move(batch), now, [token](Result<std::vector<Result<Appended>>>) { ADD_FAILURE() << "answered"; });
    store().probe([token](Status) { ADD_FAILURE() << "answered"; });
  }
  backend_->destroy();
  backend_->executor.run();
  EXPECT_EQ(token.use_count(), 1);
}

TEST_P(StoreContract, MovedHeadsNamesASnapshotAndTheEpoch) {
  const auto moved = [&](const std::string& since) {
    auto answer = ask<MovedHeads>([&](Reply<MovedHeads> done) { store().moved_heads(since, std::move(done)); });
    EXPECT_TRUE(answer.ok());
    return answer.ok() ? *answer : MovedHeads();
  };
  const RoomId room = make_room("a");
  put(message(room, "u", "1"));
  const MovedHeads first = moved("");
  EXPECT_FALSE(first.snapshot.empty());
  EXPECT_EQ(first.epoch, store().epoch());
  EXPECT_TRUE(first.rooms.empty());
  put(message(room, "u", "2"));
  put(message(room, "u", "3"));
  const MovedHeads second = moved(first.snapshot);
  for (const RoomHead& each : second.rooms) {
    EXPECT_EQ(each.room, room);
    EXPECT_EQ(each.head, 3U);
  }
  EXPECT_TRUE(moved(second.snapshot).rooms.empty());
  EXPECT_TRUE(store().available());
  EXPECT_TRUE(ask<Durability>([&](Reply<Durability> done) { store().durability(std::move(done)); }).ok());
}

TEST_P(StoreContract, ProbeAnswers) {
  EXPECT_TRUE(ask<Nothing>([&](Reply<Nothing> done) { store().probe(std::move(done)); }).ok());
}

}  // namespace
}  // namespace parley::contract
