#pragma once

// Who has which client identifier: one worker's connection, or nobody, and then the session waits here for its client. Decides
// take-over, session present, session expiry, and publishes wills.
//
// Handing over loses nothing: a session that leaves its worker stays in that worker's index of filters until this side has its
// filters in its own (`leave` is answered), and the other way round when a client returns. Meanwhile both note the rooms in which
// something matched for the first time.
//
// A session that is to outlive its connection is in storage too, where the store has a part for MQTT: it is opened there before
// its client is let in, and after a restart it is read from there. While the process lives, what is here is the newer one.
//
// Threads: the log's. Workers reach it through Remote<Registry>.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "broker/core/log.h"
#include "broker/core/mqtt/state.h"
#include "storage/mqtt_store.h"

namespace parley::mqtt {

struct RegistrySettings {
  std::size_t sessions_max = 1'000'000;  // connected ones not counted
  std::string owner = "broker";          // names this life of the process in storage
  MonoMs lease_ms = 60'000;              // of the owner's; renewed four times within it
  MonoMs sweep_interval_ms = 1000;       // of looking for sessions that expired
  MonoMs wills_interval_ms = 250;        // of looking for wills that are due
};

// One connection of one worker: where a take-over is told.
struct Owner {
  FollowerId worker = 0;
  SlotId client = 0;
};

struct Arrival {
  std::string client_id;
  SubjectPtr subject;
  bool clean_start = false;
  std::uint32_t expiry_s = 0;
  Owner owner;
  std::optional<WillMessage> will;
};
struct Welcome {
  std::uint64_t generation = 0;         // to be given with everything that follows
  std::unique_ptr<SessionState> state;  // null: a new session. Its filters are in the log's index for the worker already
  SessionKey stored;                    // id 0: in memory alone
};

class TakeOver {
 public:
  virtual ~TakeOver() = default;
  // Another connection has come with that client's identifier: this one is to end, its session to leave.
  virtual void take_over(Owner owner) = 0;
};

class Registry final : public Follower {
 public:
  // `log` has this as a follower until it is destroyed.
  Registry(Log& log, const Clock& clock, HashKey key, RegistrySettings settings, TakeOver& workers, Store* store = nullptr);
  ~Registry() override;
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  // A client has come. Answered when nobody has its session any more. forbidden: the session is another user's; too_large: there
  // are too many sessions.
  void arrive(Arrival arrival, Reply<Welcome> done);
  // The connection ended and the session goes on: its filters are watched here from now on. `left` follows.
  void leave(const std::string& client_id, std::uint64_t generation, std::vector<std::string> filters, std::uint32_t expiry_s,
             std::optional<WillMessage> will, Reply<Nothing> done);
  void left(const std::string& client_id, std::uint64_t generation, std::unique_ptr<SessionState> state);
  // The connection ended and the session with it.
  void end(const std::string& client_id, std::uint64_t generation, std::optional<WillMessage> will);

  // ---- stored sessions: answered once it is committed. conflict: the session is not this connection's any more.
  void keep(SessionKey session, std::vector<MqttSubscription> subscriptions, Reply<Nothing> done);
  void drop(SessionKey session, std::vector<std::string> filters, Reply<Nothing> done);
  // All sessions' that came while one commit was under way share the next. Tried again while storage is away.
  void save(SessionSave save, Reply<Nothing> done);

  // Several times a second: expiry, delayed wills.
  void tick();

  struct Numbers {
    Gauge away;  // sessions whose clients are not connected
    Gauge owned;
    Counter expired;
    Counter wills;
    Counter taken_over;
    Counter saves;         // of stored sessions, each one's counted
    Counter failed_saves;  // that storage did not take: tried again, unless the session is another owner's
  };
  const Numbers& numbers() const { return numbers_; }
  // Of the last save that failed.
  const std::string& save_trouble() const { return save_trouble_; }

  // Follower
  void entries(std::vector<Run> runs) override;
  void signal(SignalPtr) override {}
  void rights_changed(const RoomInfo&, const std::string&, Role) override {}
  void pruned(RoomId, Seq) override {}
  void login_revoked(const std::string&) override {}
  void epoch_changed() override;

 private:
  struct Waiting {
    Arrival arrival;
    Reply<Welcome> done;
  };
  struct Known {
    SlotId number = 0;  // in the index of filters
    std::uint64_t generation = 0;
    bool owned = false;    // a worker has it
    bool opening = false;  // storage is asked for it
    SessionKey stored;     // id 0: in memory alone
    bool leaving = false;  // `leave` came, `left` has not
    Owner owner;
    std::string user_id;  // empty: a guest's
    SubjectPtr subject;
    std::unique_ptr<SessionState> state;             // away; its positions are below
    std::vector<std::string> filters;                // watched here
    std::unordered_map<RoomId, Position> positions;  // its own, and rooms that matched first while it was away
    MonoMs expires = 0;                              // 0: never
    std::optional<WillMessage> will;                 // waits for its delay
    MonoMs will_due = 0;
    std::deque<Waiting> waiting;
  };

  Known* find(const std::string& client_id, std::uint64_t generation);
  struct Restoring;
  struct Saving {
    SessionSave save;
    Reply<Nothing> done;
  };
  bool busy(const Known& known) const { return known.owned || known.leaving || known.opening; }
  void admit(Known& known, Waiting waiting, SessionKey stored);

  // registry_stored.cpp
  void open(Known& known, Waiting waiting);
  void open_stored(Waiting waiting);
  void opened(Waiting waiting, Result<SessionOpened> answer);
  void turn_away(Waiting waiting, const Error& why);
  void restore(std::shared_ptr<Restoring> what);
  void name_rooms(std::shared_ptr<Restoring> what);
  void restored(Restoring& what);
  void close_stored(Known& known, std::uint32_t expiry_s, bool with_will);
  void publish_due(const Result<std::vector<DueWill>>& wills);
  void publish_due(const DueWill& due);
  void keep_next(SessionKey session, std::shared_ptr<std::vector<MqttSubscription>> left, std::string after, Reply<Nothing> done);
  void flush_saves();
  void saved(std::vector<Saving> saves, Result<std::vector<Status>> answer);
  void stored_tick();

  void admit_next(const std::string& client_id);
  void watch(Known& known, std::vector<std::string> filters);
  void unwatch(Known& known);
  void schedule_will(const std::string& client_id, Known& known, std::optional<WillMessage> will, std::uint32_t expiry_s);
  void publish_will(const SubjectPtr& subject, WillMessage will);
  void forget(const std::string& client_id);
  void due(MonoMs when, const std::string& client_id) { timers_.emplace(when, client_id); }

  Log& log_;
  const Clock& clock_;
  RegistrySettings settings_;
  TakeOver& workers_;
  Store* store_;
  MqttStore* sessions_;  // null: there is none
  std::vector<Saving> saves_;
  unsigned saving_ = 0;
  MonoMs next_lease_ = 0;
  MonoMs next_sweep_ = 0;
  MonoMs next_wills_ = 0;
  FollowerId follower_;
  std::unordered_map<std::string, std::unique_ptr<Known>> known_;
  std::unordered_map<SlotId, Known*> by_number_;
  SlotId next_number_ = 1;
  std::uint64_t next_generation_ = 1;
  SubscriptionTree watched_;
  std::unordered_map<RoomId, std::uint64_t> seen_;  // rooms noted for everybody, as of that generation of watched_
  std::uint64_t watched_generation_ = 1;
  std::multimap<MonoMs, std::string> timers_;
  std::vector<FilterOwner> matched_;
  std::size_t owned_ = 0;
  Numbers numbers_;
  std::string save_trouble_;
};

}  // namespace parley::mqtt
