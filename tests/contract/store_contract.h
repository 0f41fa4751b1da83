#pragma once

// The contract suite's ground: every test runs against every store, through a factory, as its callers would use it.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/store.h"
#include "tests/contract/pump_executor.h"

namespace parley::contract {

inline constexpr std::size_t small_entry_bytes_max = 1U << 20U;  // every store under test takes entries up to this

// A store and the ground that it stands on.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Store& store() = 0;
  virtual bool survives_reopening() const = 0;
  // Whether nobody else can have the data open, so that every owner's lease is over when it is opened.
  virtual bool alone() const { return true; }
  // Closes in an orderly way and opens the same data again.
  virtual void reopen() = 0;
  // The store's end without a close, as in a failed start.
  virtual void destroy() = 0;
  PumpExecutor executor;  // the store's owner; outlives it
};

struct BackendFactory {
  std::string name;
  std::function<std::unique_ptr<Backend>()> make;
};

// Calls a store and pumps until it has answered.
template <typename T, typename Call>
Result<T> await(PumpExecutor& executor, Call call) {
  std::optional<Result<T>> answer;
  call(Reply<T>([&](Result<T> result) { answer = std::move(result); }));
  EXPECT_FALSE(answer.has_value()) << "a callback ran inside the call";
  if (!executor.run_until([&] { return answer.has_value(); })) return Error{Code::internal, "the store did not answer"};
  return std::move(*answer);
}

class StoreContract : public ::testing::TestWithParam<BackendFactory> {
 protected:
  void SetUp() override { backend_ = GetParam().make(); }

  Store& store() { return backend_->store(); }
  template <typename T, typename Call>
  Result<T> ask(Call call) {
    return await<T>(backend_->executor, std::move(call));
  }

  RoomId make_room(const std::string& name, Visibility visibility = Visibility::open, const std::string& owner = "") {
    auto room = ask<RoomInfo>([&](Reply<RoomInfo> done) {
      store().create_room({name, "", visibility, Keep::all, owner, owner}, now, std::move(done));
    });
    EXPECT_TRUE(room.ok());
    return room.ok() ? room->id : 0;
  }
  std::vector<Result<Appended>> append(std::vector<NewEntry> batch) {
    auto results = ask<std::vector<Result<Appended>>>(
        [&](Reply<std::vector<Result<Appended>>> done) { store().append(std::move(batch), now, std::move(done)); });
    EXPECT_TRUE(results.ok()) << results.error().message;
    return results.ok() ? std::move(*results) : std::vector<Result<Appended>>();
  }
  Result<Appended> append_one(NewEntry entry) {
    std::vector<NewEntry> batch;
    batch.push_back(std::move(entry));
    auto results = append(std::move(batch));
    if (results.empty()) return {Code::internal, "no result"};
    return results.front();
  }
  // Appends what must be taken.
  void put(NewEntry entry) {
    const auto result = append_one(std::move(entry));
    EXPECT_TRUE(result.ok()) << result.error().message;
  }
  LogPage read(RoomId room, Seq after = 0, unsigned entries_max = 1000, std::size_t bytes_max = 64U << 20U) {
    auto page = ask<LogPage>([&](Reply<LogPage> done) { store().read(room, after, entries_max, bytes_max, std::move(done)); });
    EXPECT_TRUE(page.ok());
    return page.ok() ? std::move(*page) : LogPage();
  }
  HistoryPage history(HistoryQuery query) {
    auto page = ask<HistoryPage>([&](Reply<HistoryPage> done) { store().history(query, std::move(done)); });
    EXPECT_TRUE(page.ok());
    return page.ok() ? std::move(*page) : HistoryPage();
  }
  RoomView view(RoomId room, const std::string& user) {
    auto result = ask<RoomView>([&](Reply<RoomView> done) { store().view_room(room, user, std::move(done)); });
    EXPECT_TRUE(result.ok());
    return result.ok() ? std::move(*result) : RoomView();
  }
  Result<Member> member(RoomId room, const std::string& user) {
    return ask<Member>([&](Reply<Member> done) { store().find_member(room, user, std::move(done)); });
  }
  std::vector<RoomView> list(RoomsQuery query) {
    auto result =
        ask<std::vector<RoomView>>([&](Reply<std::vector<RoomView>> done) { store().list_rooms(query, std::move(done)); });
    EXPECT_TRUE(result.ok());
    return result.ok() ? std::move(*result) : std::vector<RoomView>();
  }
  ReadMark set_read(RoomId room, const std::string& user, Seq seq) {
    auto result = ask<ReadMark>([&](Reply<ReadMark> done) { store().set_read(room, user, seq, std::move(done)); });
    EXPECT_TRUE(result.ok());
    return result.ok() ? *result : ReadMark();
  }
  std::vector<Pruned> prune(Retention retention) {
    auto result =
        ask<std::vector<Pruned>>([&](Reply<std::vector<Pruned>> done) { store().prune(retention, now, std::move(done)); });
    EXPECT_TRUE(result.ok());
    return result.ok() ? std::move(*result) : std::vector<Pruned>();
  }

  static NewEntry message(RoomId room, const std::string& user, const std::string& body, const std::string& cid = "") {
    NewEntry entry;
    entry.room = room;
    entry.user_id = user;
    entry.user_name = user;
    entry.body = body;
    entry.cid = cid;
    return entry;
  }
  static NewEntry targeted(RoomId room, EntryType type, const std::string& user, Seq target, const std::string& body,
                           const std::string& cid = "") {
    NewEntry entry = message(room, user, body, cid);
    entry.type = type;
    entry.target = target;
    return entry;
  }
  static NewEntry member_change(RoomId room, EntryType type, const std::string& user, std::optional<Role> role) {
    NewEntry entry = message(room, "owner", "{}");
    entry.type = type;
    entry.member = MemberChange{user, user, role};
    return entry;
  }

  UnixMs now = 1'764'000'000'000;
  std::unique_ptr<Backend> backend_;
};

}  // namespace parley::contract
