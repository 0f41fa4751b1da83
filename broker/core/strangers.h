#pragma once

// Rooms that other replicas write to, that this one has not loaded, and that somebody here may want by a topic filter. It says
// where this replica stands in such a room when it is taken up, so that who listens gets everything since the filter came, once.
//
// How: until the last answer of CatchUp's poll everybody here who wants a room has been told everything. The next answer names
// each room that moved since, with its head from before: there the room is taken up. A room that was let go meanwhile is taken
// up no earlier than where it stood.
//
// Threads: the log loop's.

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broker/core/catch_up.h"
#include "broker/core/interest.h"

namespace parley {

class Strangers {
 public:
  Strangers(Store& store, RoomTable& rooms, CatchUp& catch_up, const Interest& interest)
      : store_(store), rooms_(rooms), catch_up_(catch_up), interest_(interest) {}
  Strangers(const Strangers&) = delete;
  Strangers& operator=(const Strangers&) = delete;

  // Something happened there.
  void heard_of(RoomId room);
  // `done` is called with the room, loaded, when somebody wants it by a filter; else not at all.
  void find_wanted(RoomId room, UniqueFunction<void(const LogRoomPtr&)> done);
  // For RoomTable::settle_with: the room at the head from which on nobody here was told.
  void settle(RoomInfo info, Reply<RoomInfo> done);
  // A loaded room is let go.
  void dropped(const LogRoom& room);
  // `done` is called once what is known by now to have moved, and is wanted, is loaded; or cannot be at the moment.
  void when_loaded(UniqueFunction<void()> done);

  // CatchUp::Owner's
  void poll_begins();
  void poll_ended(const std::vector<RoomHead>& moved);
  void clear();

 private:
  bool wanted(const std::string& name) const;
  void load(RoomId room);
  void with_name(RoomId room, Reply<std::string> done);
  void loaded(RoomId room, bool settled);
  Seq stood_at(RoomId room) const;

  Store& store_;
  RoomTable& rooms_;
  CatchUp& catch_up_;
  const Interest& interest_;
  mutable std::vector<FollowerId> matched_;
  std::unordered_map<RoomId, std::string> names_;  // rooms' names never change; bounded
  std::unordered_map<RoomId, std::vector<Reply<std::string>>> names_asked_;
  std::unordered_map<RoomId, Seq> moved_;  // to be loaded: where they are to be taken up
  std::unordered_set<RoomId> loading_;
  // Rooms that were let go: where they stood. Those that the poll under way covers, and later ones.
  std::unordered_map<RoomId, Seq> covered_;
  std::unordered_map<RoomId, Seq> dropped_;
  std::vector<UniqueFunction<void()>> waiters_;
};

}  // namespace parley
