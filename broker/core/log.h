#pragma once

// The log: every room's order, on the log loop. Publishers hand it entries, it commits them in groups and hands contiguous runs
// to the workers that follow a room. It asks may() for everything.
//
// Threads: one thread, the log loop's. Workers reach it through Remote<Log> (core/remote.h).
// Order: operations of one subject on one room take effect in the order of the calls; replies to publishes likewise.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/base/random.h"
#include "broker/base/time.h"
#include "broker/core/follower.h"
#include "broker/core/may.h"
#include "storage/store.h"

namespace parley {

struct LogSettings {
  bool auto_create = true;  // publish or subscribe to an unknown room makes it
  std::size_t room_name_bytes = 512;
  unsigned room_depth = 32;  // levels of a room's name
  std::size_t title_bytes = 256;
  std::size_t batch_entries = 1024;  // of one commit
  std::size_t batch_bytes = 4U << 20U;
  std::size_t queue_entries = 65536;  // waiting for a commit; above: unavailable
  std::size_t tail_entries = 256;     // kept in memory per followed room
  std::size_t tail_bytes = 256U << 10U;
  std::size_t rooms_cached = 10000;  // loaded rooms nobody follows
  std::size_t presence_names = 100;  // above: counts only
  Retention retention;
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
  std::string properties;
};

struct Attach {
  std::string room;
  bool has_since = false;
  Seq since = 0;
  std::string epoch;  // of `since`; empty: not checked
};
struct Attached {
  RoomInfo room;
  std::string epoch;
  Role role = Role::guest;
  bool recovered = true;
  Seq start = 0;               // the cursor: entries after it follow
  std::vector<EntryPtr> tail;  // ascending, ending at room.head; for a worker that did not follow the room before
};

struct PresentUser {
  std::string id;
  std::string name;
};
struct Presence {
  std::uint64_t count = 0;
  std::vector<PresentUser> users;  // empty when count is above presence_names
};

class Log {
 public:
  Log(Store& store, const Clock& clock, LogSettings settings);
  ~Log();
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;

  // ---- the way of a message
  // not_found, forbidden, conflict, too_large, bad_request, unavailable.
  void publish(SubjectPtr subject, Publish publish, Reply<Appended> done);
  // Makes the worker a follower of the room and answers where the cursor stands: runs handed to the follower go on from
  // room.head.
  void attach(FollowerId follower, SubjectPtr subject, Attach attach, Reply<Attached> done);
  // One subscription of that user on that worker ended; `last` when it was the worker's last one in the room.
  void detach(FollowerId follower, RoomId room, SubjectPtr subject, bool last);
  void read(RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max, Reply<LogPage> done);
  // Rights were asked by the caller's worker, which has delivered to its own subscribers already.
  void signal(FollowerId from, SignalPtr signal);

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
  // Closes the sessions of that login everywhere.
  void revoke_login(const std::string& login);

  const std::string& epoch() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace parley
