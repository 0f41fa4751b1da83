#pragma once

// The rooms that the log loop has loaded, by name and by id, and the roles that were asked for. Look-ups go to storage once;
// whoever asks meanwhile waits in line, so that operations on a room keep their order.

#include "broker/base/time.h"
#include "broker/core/log_room.h"
#include "broker/core/may.h"

namespace parley {

struct RoomTableSettings {
  std::size_t name_bytes = 512;
  unsigned name_levels = 32;
  std::size_t tail_entries = 256;
  std::size_t tail_bytes = 256U << 10U;
  std::size_t cached = 10000;       // loaded rooms that nobody follows
  std::size_t roles_cached = 4096;  // per room
  bool auto_create = true;
};

class RoomTable {
 public:
  RoomTable(Store& store, const Clock& clock, RoomTableSettings settings) : store_(store), clock_(clock), settings_(settings) {}

  // The room of that name: `done` runs now when it is loaded, else when storage has answered. not_found, bad_request or too_large
  // (the name), unavailable.
  void with_room(const std::string& name, Reply<LogRoomPtr> done);
  // The same, but a room that does not exist is made for the subject, when may() and auto_create allow it.
  // `keep` is what a room made here keeps.
  void with_room_or_new(const SubjectPtr& subject, const std::string& name, Keep keep, Reply<LogRoomPtr> done);
  void create(const NewRoom& room, Reply<LogRoomPtr> done);
  LogRoomPtr find(RoomId id) const;

  // The role of the user, guest when there is no membership. `done` runs now when it is known.
  void with_role(const LogRoomPtr& room, const std::string& user_id, Reply<Role> done);
  // What the entry `seq` made of the user; 0: what storage said.
  void set_role(LogRoom& room, const std::string& user_id, Role role, Seq seq);

  // `loaded` is told each room that is taken up, `dropped` each that is let go.
  void watch(UniqueFunction<void(const LogRoomPtr&)> loaded, UniqueFunction<void(const LogRoomPtr&)> dropped) {
    on_loaded_ = std::move(loaded);
    on_dropped_ = std::move(dropped);
  }
  // Asked about each room before it is taken up; what it answers is taken up.
  using Settle = UniqueFunction<void(RoomInfo, Reply<RoomInfo>)>;
  void settle_with(Settle settle) { settle_ = std::move(settle); }
  // Lets go of every room: another log has taken the place of this one. Look-ups under way go on.
  void clear();

  std::size_t loaded() const { return by_id_.size(); }
  template <typename F>
  void for_each(F f) const {
    for (const auto& [id, room] : by_id_) f(room);
  }

 private:
  // Everybody who asks for a name while storage is asked waits here, until the room is there or is known not to be: an operation
  // that comes later must not overtake one that waits.
  struct Waiter {
    SubjectPtr creator;  // null: does not want the room made
    Keep keep;
    Reply<LogRoomPtr> done;
  };
  void ask(const std::string& name, Waiter waiter);
  void look_up(const std::string& name);
  void loaded_room(const std::string& name, Result<RoomInfo> info);
  void create_for_waiters(const std::string& name);
  void answer(const std::string& name, const Result<LogRoomPtr>& room);
  void take_up(Result<RoomInfo> info, Reply<LogRoomPtr> done);
  LogRoomPtr adopt(RoomInfo info);
  void evict();

  Store& store_;
  const Clock& clock_;
  RoomTableSettings settings_;
  std::unordered_map<std::string, LogRoomPtr> by_name_;
  std::unordered_map<RoomId, LogRoomPtr> by_id_;
  std::unordered_map<std::string, std::vector<Waiter>> lookups_;
  Settle settle_;
  UniqueFunction<void(const LogRoomPtr&)> on_loaded_;
  UniqueFunction<void(const LogRoomPtr&)> on_dropped_;
};

}  // namespace parley
