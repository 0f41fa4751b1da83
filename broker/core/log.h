#pragma once

// The log: every room's order, on the log loop. Publishers hand it entries, it commits them in groups and hands contiguous runs
// to the workers that follow a room. It asks may() for everything.
//
// Threads: one thread, the log loop's. Workers reach it through Remote<Log> (core/remote.h).
// Order: operations of one subject on one room take effect in the order of the calls; replies to publishes likewise.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/batcher.h"
#include "broker/core/catch_up.h"
#include "broker/core/interest.h"
#include "broker/core/share_groups.h"
#include "broker/core/shared_presence.h"
#include "broker/core/strangers.h"

namespace parley {

struct LogSettings {
  RoomTableSettings rooms;
  BatcherSettings batches;
  std::size_t title_bytes = 256;
  std::size_t body_bytes = 65536;
  PresenceSettings presence;
  std::size_t mqtt_body_bytes = 1U << 20U;  // of what came by MQTT
  HashKey hash_key;                         // of the index of filters: secret, random
  Retention retention;
  CatchUpSettings catch_up;
  PeerSettings peers;
};

// What a subject wants to append. Only message, edit, remove, reaction and pin may be published.
struct Publish {
  std::string room;
  EntryType type = EntryType::message;
  Payload payload = Payload::json_object;
  Seq target = 0;
  std::string cid;
  std::string body;
  std::string content_type;
  std::string properties;                // not empty: it came by MQTT
  Keep keep = Keep::all;                 // of the room, if this publish makes it
  std::uint32_t expires_s = 0;           // Message Expiry Interval; 0: never
  std::optional<InboundPacket> inbound;  // it came as that QoS 2 packet of a stored session
  WillId will = 0;                       // it is that stored will
  bool retain = false;                   // becomes the room's retained message; without a body it takes that one away
  bool fire_and_forget = false;  // QoS 0: not kept where the room keeps only what is acknowledged; then the answer's seq is 0
};

struct Attach {
  std::string room;
  bool has_since = false;
  Seq since = 0;
  std::string epoch;    // of `since`; empty: not checked
  bool create = true;   // make the room when it is not there
  bool present = true;  // counts as somebody who is here
};
struct Attached {
  RoomInfo room;
  std::string epoch;
  Role role = Role::guest;
  bool recovered = true;
  Seq start = 0;               // the cursor: entries after it follow
  std::vector<EntryPtr> tail;  // ascending, ending at room.head; for a worker that did not follow the room before
};

// What a subscription that begins is to be told about a room (MQTT 5 §3.3.1.3).
struct RetainedMessage {
  std::string room_name;
  EntryPtr entry;
};
struct RetainedPage {
  std::vector<RetainedMessage> messages;  // ascending by the rooms' names
  std::string filter;
  std::string last;  // the name to go on after
  bool more = false;
};

class Log final : private CatchUp::Owner, private Peers::Owner {
 public:
  // `bus` leads to the other replicas; null: there are none, or storage alone tells of them.
  Log(Store& store, const Clock& clock, LogSettings settings, cluster::Bus* bus = nullptr);
  ~Log() override = default;
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // ---- the way of a message
  // not_found, forbidden, conflict, too_large, bad_request, unavailable.
  void publish(SubjectPtr subject, Publish publish, Reply<Appended> done);
  // Makes the worker a follower of the room and answers where the cursor stands: runs handed to the follower go on from
  // room.head.
  void attach(FollowerId follower, SubjectPtr subject, Attach attach, Reply<Attached> done);
  // One subscription of that user ended (it was attached before).
  void detach(RoomId room, SubjectPtr subject);
  // The worker's last subscription in the room ended.
  void unfollow(FollowerId follower, RoomId room);
  void read(RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max, Reply<LogPage> done);
  // Rights were asked by the caller's worker, which has delivered to its own subscribers already.
  void signal(FollowerId from, SignalPtr signal);

  // From now on the follower is handed the runs and messages of every room whose name matches the filter (core/topic_filter.h:
  // valid, not shared), also of rooms made later. Counted: as many removals end it.
  void add_interest(FollowerId follower, const std::string& filter);
  void remove_interest(FollowerId follower, const std::string& filter);
  // `done` is called when what other replicas have committed by now, in rooms that one of the filters matches, was handed to the
  // followers; or storage cannot tell. At once where there are no other replicas.
  void catch_up_with(std::vector<std::string> filters, UniqueFunction<void()> done);
  // The room of that name for somebody who wants to read it, and their role. not_found, forbidden.
  void find_readable(SubjectPtr subject, const std::string& name, Reply<Attached> done);

  // Retained messages of rooms whose names match the filter, are greater than `after`, and may be read.
  void retained(SubjectPtr subject, std::string filter, std::string after, unsigned limit, Reply<RetainedPage> done);

  FollowerId add_follower(Follower& follower);
  void remove_follower(FollowerId follower);

  // ---- rooms and members
  void create_room(SubjectPtr subject, NewRoom room, Reply<RoomView> done);
  void configure_room(SubjectPtr subject, std::string room, RoomChange change, Reply<RoomView> done);
  void view_room(SubjectPtr subject, std::string room, Reply<RoomView> done);
  void list_rooms(SubjectPtr subject, RoomsQuery query, Reply<std::vector<RoomView>> done);
  void join(SubjectPtr subject, std::string room, Reply<RoomView> done);
  void leave(SubjectPtr subject, std::string room, Reply<Nothing> done);
  // Invite, promote, demote, ban. conflict: the last owner cannot step down.
  void set_member(SubjectPtr subject, std::string room, MemberChange change, Reply<Member> done);
  // Kick, or lift a ban.
  void remove_member(SubjectPtr subject, std::string room, std::string user_id, Reply<Nothing> done);
  void list_members(SubjectPtr subject, std::string room, std::string after, unsigned limit, Reply<std::vector<Member>> done);
  // `query.room` and `query.viewer` are filled in.
  void history(SubjectPtr subject, std::string room, HistoryQuery query, Reply<HistoryPage> done);
  void set_read(SubjectPtr subject, std::string room, Seq seq, Reply<ReadMark> done);
  void presence(SubjectPtr subject, std::string room, Reply<Presence> done);
  // A signal from REST: checked here, then to every worker.
  void publish_signal(SubjectPtr subject, std::string room, std::string type, std::string body, Reply<Nothing> done);

  // ---- accounts' news
  // Closes the sessions of that login everywhere, on every replica.
  void revoke_login(const std::string& login);
  // Tells the other replicas that an MQTT client has come to this one; their followers hear of it by client_moved().
  void tell_client_moved(const std::string& client_id, const std::string& user_id) {
    peers_.send_client_moved({client_id, user_id});
  }

  // ---- MQTT's share groups; they outlive the log's last turn, or are taken away by null
  void set_share_groups(ShareGroups* groups) { share_groups_ = groups; }
  void tell_groups(envelope::Groups groups) { peers_.send_groups(std::move(groups)); }
  // This one's id.
  const std::string& replica() const { return peers_.replica(); }
  // The other replicas say what is short-lived once more.
  void ask_replicas() { peers_.send_hello(); }

  // ---- driven by the log loop
  // Once before anything else: connects to the other replicas.
  void start() { peers_.start(); }
  // About once a second: presence news, and one step of pruning.
  void tick();
  // Every 10 ms or so, where others write to the same storage: fills holes, asks for what moved.
  void work();
  // After each turn of the loop, where BatcherSettings::turns is set: what came in it goes on together.
  void end_turn();
  // Nothing waits for a commit.
  bool idle() const { return batcher_.idle(); }
  // Whether the last commit went well.
  bool healthy() const { return batcher_.healthy(); }
  std::string epoch() const { return store_.epoch(); }
  const CatchUp& catch_up() const { return catch_up_; }
  bool bus_connected() const { return peers_.connected(); }
  const LogCounters& counters() const { return counters_; }

 private:
  template <typename T>
  void with_rights(SubjectPtr subject, const std::string& room, Action action, Reply<T> done,
                   UniqueFunction<void(const LogRoomPtr&, Role, Reply<T>)> then);
  void submit(const LogRoomPtr& room, Role role, const SubjectPtr& subject, Publish publish, Reply<Appended> done);
  Result<Attached> attach_now(FollowerId follower, const SubjectPtr& subject, const LogRoomPtr& room, Role role,
                              const Attach& attach);
  void committed(std::vector<Pending>& batch, const std::vector<Result<Appended>>& results);
  // Hands over what these rooms have without a hole, one wake-up a follower.
  void hand_over(const std::vector<LogRoomPtr>& rooms);
  void note_effects(LogRoom& room, const Entry& entry);
  void tell_effects(LogRoom& room, const std::vector<EntryPtr>& run);
  void deliver(const LogRoomPtr& room, std::vector<EntryPtr> run, std::vector<std::vector<Run>>& per_follower);
  bool current(const LogRoomPtr& room) const { return rooms_.find(room->info.id) == room; }
  void attach_later(FollowerId follower, const SubjectPtr& subject, const LogRoomPtr& room, Attach attach, Reply<Attached> done);
  // To the followers here and to the other replicas.
  void spread_signal(LogRoom& room, const SignalPtr& signal, FollowerId except);

  // CatchUp::Owner
  void ready(const LogRoomPtr& room) override;
  void overtaken(const LogRoomPtr& room, Seq floor) override;
  void epoch_changed() override;
  void poll_begins() override { strangers_.poll_begins(); }
  void poll_ended(const std::vector<RoomHead>& strangers) override { strangers_.poll_ended(strangers); }
  // Peers::Owner
  void on_entries(envelope::Entries entries) override;
  void on_signal(envelope::Signal signal) override;
  void on_forward(envelope::Forward forward) override;
  void on_presence_changed(RoomId room) override;
  void on_login_revoked(const std::string& login) override;
  void on_client_moved(const envelope::ClientMoved& moved) override;
  void on_groups(const std::string& replica, const envelope::Groups& groups) override;
  void on_hello() override;
  void on_bus(bool connected) override;
  void on_missed() override { catch_up_.hurry(); }

  void tell_followers(LogRoom& room, const std::function<void(Follower&)>& tell);
  // Calls f(FollowerId) once for each that follows the room or is interested in it.
  template <typename F>
  void for_each_listener(LogRoom& room, F f);
  void forward_message(const LogRoomPtr& room, NewEntry entry);
  void pass_on(const LogRoomPtr& room, EntryPtr message);
  void pass_on_all();
  void tell_signal(LogRoom& room, const SignalPtr& signal, FollowerId except);
  void prune_step();
  void stored_retained(std::string filter, std::string after, unsigned limit, Reply<RetainedPage> done);
  void keep_readable(SubjectPtr subject, RetainedPage page, Reply<RetainedPage> done);
  void keep_retained(const LogRoom& room, const NewEntry& from, const EntryPtr& entry);
  void append_change(const LogRoomPtr& room, const SubjectPtr& subject, EntryType type, std::string body,
                     std::optional<MemberChange> member, std::optional<RoomChange> settings, Reply<Appended> done);
  void view_after(const LogRoomPtr& room, const SubjectPtr& subject, Result<Appended> appended, Reply<RoomView> done);
  void resolve_user(const std::string& user, Reply<MemberChange> done);
  void change_member(const LogRoomPtr& room, Role own, const SubjectPtr& subject, MemberChange change, Reply<Member> done);
  void commit_member(const LogRoomPtr& room, const SubjectPtr& subject, MemberChange change, Reply<Member> done);
  void keep_an_owner(const LogRoomPtr& room, const std::string& user_id, Reply<Nothing> done);

  Store& store_;
  const Clock& clock_;
  LogSettings settings_;
  LogCounters counters_;
  Interest interest_;
  RoomTable rooms_;
  Batcher batcher_;
  CatchUp catch_up_;
  Strangers strangers_;
  Peers peers_;
  SharedPresence presence_;
  std::vector<Follower*> followers_;          // by id; null: gone
  std::vector<LogRoomPtr> passing_;           // that have messages to be handed over
  std::map<std::string, EntryPtr> retained_;  // by the room's name
  ShareGroups* share_groups_ = nullptr;
  bool pruning_ = false;
};

}  // namespace parley
