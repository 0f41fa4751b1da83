#include "storage/sqlite/heads.h"

namespace parley::sqlite {

Head* Heads::find(Connection& connection, RoomId room) {
  if (const auto found = heads_.find(room); found != heads_.end()) return &found->second;
  Query query(connection, "SELECT head, messages, last_ts FROM room_state WHERE id=?", room);
  if (!query.row()) return nullptr;
  return &heads_.insert_or_assign(room, Head{query.natural(0), query.natural(1), query.integer(2)}).first->second;
}

void Heads::touch(RoomId room, const Head& head) { touched_.try_emplace(room, head); }

RoomId Heads::moved_room() const {
  for (const auto& [room, before] : touched_) {
    if (heads_.at(room).seq > before.seq) return room;
  }
  return 0;
}

bool Heads::moved() const { return moved_room() != 0; }

bool Heads::landed(Connection& connection) const {
  const RoomId room = moved_room();
  Query query(connection, "SELECT head FROM room_state WHERE id=?", room);
  return query.row() && query.natural(0) == heads_.at(room).seq;
}

void Heads::committed() {
  touched_.clear();
  if (heads_.size() > rooms_max_) heads_.clear();  // simpler than an order of use, and a miss costs microseconds
}

void Heads::rolled_back() {
  for (const auto& [room, before] : touched_) heads_.insert_or_assign(room, before);
  touched_.clear();
}

}  // namespace parley::sqlite
