#pragma once

// Who is in a room, over all replicas: each replica keeps its own share on the bus, refreshes it, and looks at the others' when
// somebody here wants to know. While the bus is away each replica knows its own share only, and says so.
//
// Threads: the log loop's.

#include "broker/core/peers.h"
#include "broker/core/room_table.h"

namespace parley {

struct Presence {
  std::uint64_t count = 0;
  std::vector<Member> users;  // empty when count is above the limit on names; role and joined are not filled in
  bool partial = false;       // of this replica only: the bus is away
};

struct PresenceSettings {
  std::size_t names = 100;  // above: counts only
  MonoMs ttl_ms = 30'000;   // what is not refreshed is gone after so long; refreshed three times meanwhile
};

class SharedPresence {
 public:
  // `news` is told the body of the signal for those who watch the room.
  SharedPresence(Peers& peers, const Clock& clock, PresenceSettings settings,
                 UniqueFunction<void(const LogRoomPtr&, std::string body)> news)
      : peers_(peers), clock_(clock), settings_(settings), news_(std::move(news)) {}

  // Somebody asks, and is told of changes from now on.
  void ask(const LogRoomPtr& room, Reply<Presence> done);
  // A peer says that its share changed.
  void changed_elsewhere(const LogRoomPtr& room);
  // About once a second, for every loaded room: tells what changed, keeps what must not expire.
  void tick(const LogRoomPtr& room);

 private:
  void look(const LogRoomPtr& room, UniqueFunction<void()> done);
  void looked(LogRoom& room, const Result<std::vector<cluster::Bus::Item>>& items);
  void put_share(LogRoom& room);
  static std::string key_of(RoomId room) { return "presence:" + std::to_string(room); }
  Presence view(const LogRoom& room) const;

  Peers& peers_;
  const Clock& clock_;
  PresenceSettings settings_;
  UniqueFunction<void(const LogRoomPtr&, std::string body)> news_;
};

}  // namespace parley
