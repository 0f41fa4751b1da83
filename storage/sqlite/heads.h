#pragma once

// The heads of rooms in the writer's memory. They may be trusted because one process owns the file and one thread writes it; what
// a transaction changed is forgotten when it is rolled back.

#include <unordered_map>
#include <vector>

#include "broker/protocol/entry.h"
#include "storage/sqlite/connection.h"

namespace parley::sqlite {

struct Head {
  Seq seq = 0;
  std::uint64_t messages = 0;
  UnixMs ts = 0;
};

class Heads {
 public:
  explicit Heads(std::size_t rooms_max) : rooms_max_(rooms_max) {}

  // The room's head, read from the database at first; nullptr when there is no such room (or the connection failed). Valid until
  // the next call.
  Head* find(Connection& connection, RoomId room);
  // To be called before a head is changed, in a transaction.
  void touch(RoomId room, const Head& head);

  // Whether the transaction moved a head. Then landed() can tell whether it was committed; it is asked on a fresh connection.
  bool moved() const;
  bool landed(Connection& connection) const;

  void committed();
  void rolled_back();

 private:
  // A room whose head the transaction moved; 0 when there is none.
  RoomId moved_room() const;

  std::size_t rooms_max_;
  std::unordered_map<RoomId, Head> heads_;
  std::unordered_map<RoomId, Head> touched_;  // as they were before
};

}  // namespace parley::sqlite
