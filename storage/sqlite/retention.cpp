#include "storage/sqlite/retention.h"

#include <algorithm>

#include "storage/sqlite/mqtt_subscriptions.h"

namespace parley::sqlite {

namespace {

// The first seq of the room that is young enough, looking at most `rows_max` entries far.
Seq first_young(Connection& connection, RoomId room, Seq floor, UnixMs oldest_ts, unsigned rows_max) {
  Query query(connection, "SELECT seq, ts FROM entries WHERE room=? AND seq>=? ORDER BY seq LIMIT ?", room, floor, rows_max);
  Seq first = floor;
  while (query.row()) {
    if (query.integer(1) >= oldest_ts) break;
    first = query.natural(0) + 1;
  }
  return first;
}

// False when the floor is there already: another step was quicker.
bool prune_room(Connection& connection, const Pruned& room) {
  // What the last of them says about the room outlives it: it may be the newest entry of all.
  Query(connection,
        "UPDATE rooms SET floor=?2, (base_head, base_messages, base_ts) = (SELECT seq, messages, ts FROM entries WHERE room=?1 "
        "AND seq=?2-1) "
        "WHERE id=?1 AND floor<?2",
        room.room, room.floor)
      .run();
  if (sqlite3_changes64(connection.handle()) == 0) return false;
  Query(connection, "DELETE FROM entries WHERE room=? AND seq<?", room.room, room.floor).run();
  Query(connection, "DELETE FROM reactions WHERE room=? AND target<?", room.room, room.floor).run();
  return true;
}

}  // namespace

Result<std::vector<Pruned>> plan_pruning(Connection& connection, const Retention& retention, UnixMs now) {
  std::vector<Pruned> plan;
  if (retention.entries_max == 0 && retention.age_max_ms == 0) return plan;
  std::uint64_t left = retention.rows_max;
  Query query(connection, "SELECT id, floor, head, name FROM room_state WHERE head>=floor");
  while (left > 0 && query.row()) {
    const RoomId room = query.integer(0);
    const Seq floor = query.natural(1);
    const Seq count = query.natural(2) - floor + 1;
    Seq wanted = floor;
    if (retention.entries_max != 0 && count > retention.entries_max) wanted = floor + count - retention.entries_max;
    if (retention.age_max_ms != 0) {
      const auto rows = static_cast<unsigned>(left);
      wanted = std::max(wanted, first_young(connection, room, floor, now - retention.age_max_ms, rows));
    }
    if (wanted == floor) continue;
    const Seq cap = wanted > retention.held_entries_max ? wanted - retention.held_entries_max : 0;
    wanted = std::min(wanted, std::max(lowest_wanted(connection, room, query.text(3), query.natural(2)), cap));
    wanted = std::min<Seq>(wanted, floor + left);
    if (wanted <= floor) continue;
    plan.push_back({room, wanted});
    left -= wanted - floor;
  }
  return plan;
}

Result<std::vector<Pruned>> prune_rooms(Connection& connection, const std::vector<Pruned>& plan) {
  std::vector<Pruned> done;
  for (const Pruned& room : plan) {
    if (prune_room(connection, room)) done.push_back(room);
  }
  return done;
}

}  // namespace parley::sqlite
