#pragma once

// A store in memory for tests of what stands on storage. It passes the same contract suite as the real ones. Everything happens
// when the executor runs the task, so a test decides when; two knobs make appends fail or wait.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "broker/base/executor.h"
#include "storage/store.h"
#include "tests/fakes/memory_mqtt.h"
#include "tests/fakes/memory_room.h"

namespace parley::fakes {

struct MemoryStoreSettings {
  std::string epoch = "memory";
  std::size_t entry_bytes_max = 16U << 20U;  // an entry with more content is too_large
};

class MemoryStore final : public Store {
 public:
  explicit MemoryStore(Executor& owner, MemoryStoreSettings settings = {});
  // Another process's store over the same rooms and accounts, with an executor and knobs of its own.
  MemoryStore(Executor& owner, MemoryStore& other);
  ~MemoryStore() override;

  // ---- knobs
  // The next `calls` appends are answered unavailable; nothing of them is committed.
  void fail_appends(unsigned calls) { appends_to_fail_ = calls; }
  // Appends, and the saves of MQTT sessions, wait uncommitted, and nobody reads them, until they are released.
  void hold_commits() { held_ = true; }
  void release_commits();
  // Lets the oldest waiting append through while the others stay held.
  void release_one_commit();
  std::size_t appends_waiting() const { return waiting_.size(); }
  // Answers to calls other than appends, made while this is on, wait until they are released: old news by then.
  void hold_answers(bool on) { answers_held_ = on; }
  void release_answers();
  // The newest entry of the room as committed, now; 0: none.
  Seq head_of(const std::string& name) const;
  // Every call but append and close is answered unavailable while this is on.
  void fail_others(bool on) { fail_others_ = on; }
  // What available() says; nothing else changes.
  void set_available(bool on) { available_ = on; }
  std::size_t appends_called() const { return appends_called_; }
  std::size_t reads_called() const { return reads_called_; }
  // The database behind it becomes another one, for all that share it.
  void set_epoch(std::string epoch) { shared_->epoch = std::move(epoch); }

  // ---- Store
  std::string epoch() const override { return shared_->epoch; }
  bool available() const override { return available_; }
  void append(std::vector<NewEntry> batch, UnixMs now, Reply<std::vector<Result<Appended>>> done) override;
  void read(RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max, Reply<LogPage> done) override;
  void history(HistoryQuery query, Reply<HistoryPage> done) override;
  void find_room(std::string name, Reply<RoomInfo> done) override;
  void create_room(NewRoom room, UnixMs now, Reply<RoomInfo> done) override;
  void list_rooms(RoomsQuery query, Reply<std::vector<RoomView>> done) override;
  void view_room(RoomId room, std::string user_id, Reply<RoomView> done) override;
  void find_member(RoomId room, std::string user_id, Reply<Member> done) override;
  void list_members(RoomId room, std::string after, unsigned limit, Reply<std::vector<Member>> done) override;
  void set_read(RoomId room, std::string user_id, Seq seq, Reply<ReadMark> done) override;
  void create_account(Account account, Reply<Nothing> done) override;
  void find_account_by_name(std::string name, Reply<Account> done) override;
  void find_account(std::string id, Reply<Account> done) override;
  void put_refresh(RefreshToken token, Reply<Nothing> done) override;
  void rotate_refresh(std::string old_hash, RefreshToken next, UnixMs now, Reply<RefreshToken> done) override;
  void revoke_refresh(std::string hash, Reply<std::string> done) override;
  void prune(Retention retention, UnixMs now, Reply<std::vector<Pruned>> done) override;
  void moved_heads(std::string since, Reply<MovedHeads> done) override;
  void durability(Reply<Durability> done) override;
  MqttStore* mqtt() override { return &mqtt_; }
  void probe(Reply<Nothing> done) override;
  void close(UniqueFunction<void()> done) override;

 private:
  friend class MemoryMqtt;
  struct Refresh {
    RefreshToken token;
    bool replaced = false;
    std::string successor;
  };

  // Posts `work`, whose result goes to `done`; neither runs once the store is gone.
  template <typename T, typename Work>
  void answer(Reply<T> done, Work work) {
    if (closing_) return;
    owner_.post([this, alive = alive_, done = std::move(done), work = std::move(work)]() mutable {
      if (!*alive) return;
      Result<T> result = fail_others_ ? Result<T>(failing()) : work();
      if (!answers_held_) return done(std::move(result));
      late_.push_back([done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
    });
  }
  // As answer(), in the order of the appends, and held with them.
  template <typename T, typename Work>
  void change(Reply<T> done, Work work) {
    commit_later(
        [this, done = std::move(done), work = std::move(work)]() mutable { done(fail_others_ ? Result<T>(failing()) : work()); });
  }
  static Error failing();
  void commit_later(UniqueFunction<void()> commit);
  void post_commit();
  void commit_oldest();
  std::vector<Result<Appended>> append_now(const std::vector<NewEntry>& batch, UnixMs now);
  Result<Appended> append_one(const NewEntry& entry, UnixMs now);
  MemoryRoom* room(RoomId id) { return rooms_.find(id); }

  Executor& owner_;
  MemoryStoreSettings settings_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool closing_ = false;
  bool held_ = false;
  bool fail_others_ = false;
  bool answers_held_ = false;
  bool available_ = true;
  unsigned appends_to_fail_ = 0;
  std::size_t appends_called_ = 0;
  std::size_t reads_called_ = 0;
  std::deque<UniqueFunction<void()>> waiting_;
  std::vector<UniqueFunction<void()>> late_;  // answers

  // What several stores may stand on.
  struct Shared {
    std::string epoch;
    MemoryRooms rooms;
    MemorySessions sessions{rooms};
    std::vector<RoomHead> moves;              // one a commit, in their order
    std::map<std::string, Account> accounts;  // by id
    std::map<std::string, std::string> account_names;
    std::map<std::string, Refresh> refresh;
  };
  std::shared_ptr<Shared> shared_;
  MemoryRooms& rooms_ = shared_->rooms;
  MemorySessions& sessions_ = shared_->sessions;
  MemoryMqtt mqtt_{*this, sessions_};
  std::map<std::string, Account>& accounts_ = shared_->accounts;
  std::map<std::string, std::string>& account_names_ = shared_->account_names;
  std::map<std::string, Refresh>& refresh_ = shared_->refresh;
};

}  // namespace parley::fakes
