#pragma once

// Who has which client identifier: one worker's connection, or nobody, and then the session waits here for its client. Decides
// take-over, session present, session expiry, and publishes wills.
//
// Handing over loses nothing: a session that leaves its worker stays in that worker's index of filters until this side has its
// filters in its own (`leave` is answered), and the other way round when a client returns. Meanwhile both note the rooms in which
// something matched for the first time.
//
// A session that is to outlive its connection is in storage too, where the store has a part for MQTT: it is opened there before
// its client is let in, and after a restart it is read from there. While the process lives, what is here is the newer one; where
// other replicas use the same storage nothing of a session stays here when its client has gone, and whoever it comes to next
// reads it from there. There a connection with a will is stored too, so that another replica publishes it when this one dies.
//
// A client that comes to another replica takes its session over in storage. Its connection here ends when the other replica's
// hint comes, when something of the session is to be saved, or with the next look at all that are owned here.
//
// Threads: the log's. Workers reach it through Remote<Registry>.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "broker/base/queue.h"
#include "broker/core/log.h"
#include "broker/core/mqtt/arrival.h"
#include "broker/core/mqtt/known_sessions.h"
#include "broker/core/mqtt/state.h"
#include "storage/mqtt_store.h"

namespace parley::mqtt {

struct RegistrySettings {
  std::size_t sessions_max = 1'000'000;  // connected ones not counted
  std::string owner = "broker";          // names this life of the process in storage
  bool shared = false;                   // other replicas use the same storage
  MonoMs lease_ms = 60'000;              // of the owner's; renewed four times within it
  MonoMs sweep_interval_ms = 1000;       // of looking for sessions that expired
  MonoMs wills_interval_ms = 250;        // of looking for wills that are due
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
  void leave(std::string_view client_id, std::uint64_t generation, std::vector<std::string> filters, std::uint32_t expiry_s,
             std::optional<WillMessage> will, Reply<Nothing> done);
  void left(std::string_view client_id, std::uint64_t generation, std::unique_ptr<SessionState> state);
  // The connection ended and the session with it.
  void end(std::string_view client_id, std::uint64_t generation, std::optional<WillMessage> will);

  // ---- stored sessions: answered once it is committed. conflict: the session is not this connection's any more.
  void keep(SessionKey session, std::vector<MqttSubscription> subscriptions, Reply<Nothing> done);
  void drop(SessionKey session, std::vector<std::string> filters, Reply<Nothing> done);
  // All sessions' that came while one commit was under way share the next. Tried again while storage is away.
  void save(SessionSave save, Reply<Nothing> done);

  // The session that this process claims entries of `$share` groups with.
  void set_share_session(SessionKey session) { share_session_ = session; }

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
  void messages(std::vector<Run>) override {}
  void signal(SignalPtr) override {}
  void rights_changed(const RoomInfo&, const std::string&, Role) override {}
  void pruned(RoomId, Seq) override {}
  void login_revoked(const std::string&) override {}
  void epoch_changed() override;
  void client_moved(const std::string& client_id, const std::string& user_id) override;

 private:
  Known* find(std::string_view client_id, std::uint64_t generation);
  struct Restoring;
  struct Saving {
    SessionSave save;
    Reply<Nothing> done;
  };
  void admit(Known& known, Waiting waiting, SessionKey stored);
  // Nobody has it connected any more.
  void disown(Known& known);
  bool stored_away(const Known& known) const { return settings_.shared && known.stored().id != 0; }

  // registry_stored.cpp
  void open(Known& known, Waiting waiting);
  void open_stored(Waiting waiting);
  void opened(Waiting waiting, Result<SessionOpened> answer);
  void turn_away(Waiting waiting, const Error& why);
  void restore(std::shared_ptr<Restoring> what);
  void name_rooms(std::shared_ptr<Restoring> what);
  void restored(Restoring& what);
  struct Closing {
    SessionKey session;
    std::uint32_t expiry_s = 0;
    bool drop_will = false;
    UnixMs at = 0;
  };
  void close_stored(SessionKey session, std::uint32_t expiry_s, bool with_will);
  void close_session(Closing closing);
  void publish_due(const Result<std::vector<DueWill>>& wills);
  void publish_due(const DueWill& due);
  void keep_next(SessionKey session, std::shared_ptr<std::vector<MqttSubscription>> left, std::string after, Reply<Nothing> done);
  void flush_saves();
  void saved(std::vector<Saving> saves, Result<std::vector<Status>> answer);
  void stored_tick();
  bool is_kept(const Arrival& arrival) const;
  void look_for_lost(std::vector<SessionKey> sessions);

  void admit_next(Known& known);
  void watch(Known& known, std::vector<std::string> filters);
  void unwatch(Known& known);
  void schedule_will(Known& known, std::optional<WillMessage> will, std::uint32_t expiry_s);
  void publish_will(const SubjectPtr& subject, WillMessage will);
  void forget(Known& known);
  void due(MonoMs when, const Known& known) { timers_.emplace(when, known.client_id); }

  Log& log_;
  const Clock& clock_;
  RegistrySettings settings_;
  TakeOver& workers_;
  Store* store_;
  MqttStore* sessions_;  // null: there is none
  std::vector<Saving> saves_;
  SessionKey share_session_;
  unsigned saving_ = 0;
  std::unordered_map<SessionId, Known*> held_;  // stored sessions that a worker has
  std::vector<Closing> closing_;                // to be said again
  MonoMs next_lease_ = 0;
  MonoMs next_look_ = 0;
  MonoMs next_sweep_ = 0;
  MonoMs next_wills_ = 0;
  FollowerId follower_;
  KnownSessions known_;
  std::uint64_t next_generation_ = 1;
  SubscriptionTree watched_;
  std::unordered_map<RoomId, std::uint64_t> seen_;  // rooms noted for everybody, as of that generation of watched_
  std::uint64_t watched_generation_ = 1;
  std::multimap<MonoMs, SharedText> timers_;
  std::vector<FilterOwner> matched_;
  std::size_t owned_ = 0;
  Numbers numbers_;
  std::string save_trouble_;
};

}  // namespace parley::mqtt
