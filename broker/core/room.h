#pragma once

// A room on one worker: its tail, the cursors of this worker's sessions, and the encoded frames that they share.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "broker/core/cursor.h"
#include "broker/core/tail.h"
#include "broker/protocol/room.h"

namespace parley {

class Room {
 public:
  Room(const RoomInfo& info, std::string epoch, std::size_t tail_entries, std::size_t tail_bytes);
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;

  RoomInfo info;
  std::string epoch;
  std::uint32_t passing = 0;  // the hub's: its place among those with signals to pass on, + 1

  const Tail& tail() const { return tail_; }
  void start(Seq head, const std::vector<EntryPtr>& entries) { tail_.reset(head, entries); }
  void push(const EntryPtr& entry);
  void prune(Seq floor);

  const std::vector<Cursor*>& cursors() const { return cursors_; }
  void add(Cursor& cursor);
  void remove(Cursor& cursor);

  // The entries of a delivery as native WebSocket text frames, joined into one buffer. From the tail: encoded once, and the last
  // joined run is kept, since the next subscriber is mostly owed the same.
  Frame native_frames(const Delivery& delivery);

 private:
  const Frame& native_frame(Seq seq);

  Tail tail_;
  std::vector<Cursor*> cursors_;
  std::deque<Frame> native_;  // by seq, the last one belongs to tail_.head(); empty frames are not encoded yet
  struct Joined {
    Seq first = 0;
    Seq last = 0;
    Frame frame;
  };
  Joined joined_;
  std::vector<Frame> scratch_;
};

}  // namespace parley
