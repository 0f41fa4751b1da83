#pragma once

// What the registry keeps of each client identifier. A session that ends with its connection costs a Known and nothing else; what
// one has that is to outlive it, or for which several connections have come, is in a part of its own.
//
// Threads: the log's.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/base/queue.h"
#include "broker/base/result.h"
#include "broker/core/index_pool.h"
#include "broker/core/index_table.h"
#include "broker/core/mqtt/arrival.h"
#include "broker/core/siphash.h"

namespace parley::mqtt {

struct Waiting {
  Arrival arrival;
  Reply<Welcome> done;
};

struct Known {
  struct Lasting {
    SessionKey stored;                               // id 0: in memory alone
    std::unique_ptr<SessionState> state;             // away; its positions are below
    std::vector<std::string> filters;                // watched here
    std::unordered_map<RoomId, Position> positions;  // its own, and rooms that matched first while it was away
    MonoMs expires = 0;                              // 0: never
    std::unique_ptr<WillMessage> will;               // waits for its delay
    MonoMs will_due = 0;
    Queue<Waiting> waiting;
  };

  SharedText client_id;
  SubjectPtr subject;  // whose it is: of the connection that was let in last, or of the one that came first
  std::uint64_t generation = 0;
  SlotId client = 0;         // of the worker: the connection that has it
  FollowerId worker = 0;     // the client's
  std::uint32_t number = 0;  // in the table, and in the index of filters
  bool owned = false;        // a worker has it
  bool opening = false;      // storage is asked for it
  bool leaving = false;      // `leave` came, `left` has not

  bool busy() const { return owned || leaving || opening; }
  Owner owner() const { return {worker, client}; }
  // Of the account; empty for a guest.
  std::string user() const { return subject->guest ? std::string() : subject->user_id; }
  SessionKey stored() const { return lasting_ ? lasting_->stored : SessionKey{}; }
  bool is_away() const { return lasting_ && lasting_->state; }
  bool awaited() const { return lasting_ && !lasting_->waiting.empty(); }
  // Null: there is none.
  Lasting* lasting() const { return lasting_.get(); }
  Lasting& make_lasting() {
    if (!lasting_) lasting_ = std::make_unique<Lasting>();
    return *lasting_;
  }
  // Gives up what is not needed of an unstored session for which nobody waits.
  void let_go_of_lasting() {
    if (lasting_ && lasting_->stored.id == 0 && lasting_->waiting.empty()) lasting_.reset();
  }

 private:
  std::unique_ptr<Lasting> lasting_;
};
static_assert(sizeof(Known) <= 64, "one for each connection");

class KnownSessions {
 public:
  // The key is secret and random: clients choose their identifiers.
  explicit KnownSessions(HashKey key) : key_(key) {}

  // Null when it is not known.
  Known* find(std::string_view client_id);
  Known& at(std::string_view client_id) { return *find(client_id); }
  // It is not known yet. It stays where it is until it is erased.
  Known& add(const SharedText& client_id);
  void erase(Known& known);
  // By its number.
  Known& operator[](std::uint32_t number) { return pool_[number]; }
  std::size_t size() const { return table_.size(); }
  // `f(Known&)` for each; `f` may not add or erase.
  template <typename F>
  void for_each(F f) {
    table_.for_each([&](std::uint32_t number) { f(pool_[number]); });
  }

 private:
  HashKey key_;
  IndexPool<Known> pool_;
  IndexTable table_;
};

}  // namespace parley::mqtt
