#pragma once

// A subscription: a position in a room's log, and the session that is owed what comes after it.

#include <cstdint>
#include <vector>

#include "broker/base/frame.h"
#include "broker/base/result.h"
#include "broker/base/slot_map.h"
#include "broker/core/follower.h"

namespace parley {

class Room;
class Subscriber;

// Contiguous entries on their way to one subscriber: from the room's tail, whose frames every subscriber shares, or a page of the
// log.
struct Delivery {
  Room* room = nullptr;
  Seq first = 0;
  Seq last = 0;
  const EntryPtr* page = nullptr;  // last - first + 1 of them; null: they are in the room's tail
};

struct Cursor {
  SlotId id = 0;
  Subscriber* subscriber = nullptr;
  Room* room = nullptr;
  SubjectPtr subject;
  Role role = Role::guest;
  Seq sent = 0;                // everything up to it was handed to the subscriber
  Seq acked = 0;               // everything up to it has arrived, says the client
  bool reading = false;        // a page of the log is on its way
  bool behind = false;         // it has left the tail; counted once
  bool watching = false;       // wants presence news
  bool present = true;         // counts as somebody who is here
  std::uint32_t position = 0;  // in the room's list
  void* place = nullptr;       // the subscriber's own: where it keeps what it knows of the room

  // What is under way, in bytes: runs sent and not yet acked as a whole.
  struct Sent {
    Seq last;
    std::size_t bytes;
  };
  std::vector<Sent> under_way;
  std::size_t bytes_under_way = 0;

  void note_sent(Seq last, std::size_t bytes);
  void note_acked(Seq seq);
};

// A session as the hub sees it. All calls come on the worker's thread; none may destroy the subscriber.
class Subscriber {
 public:
  virtual ~Subscriber() = default;
  // How much it takes now; no entries while its window is full or its connection is congested.
  struct Allowance {
    unsigned entries = 0;
    std::size_t bytes = 0;  // of footprint; one entry more than fits is fine
  };
  virtual Allowance allowance(const Cursor& cursor) const = 0;
  // Takes them all.
  virtual void deliver(Cursor& cursor, const Delivery& delivery) = 0;
  // Entries from..to were pruned before the cursor read them; it goes on behind them.
  virtual void gap(Cursor& cursor, Seq from, Seq to) = 0;
  // `frame` is that many signals encoded for the native protocol, shared by all.
  virtual void signals(const Cursor& cursor, const Frame& frame, unsigned count) = 0;
  // Messages that are not kept (QoS 0): entries without a number. False: not taken, they are to come as signals.
  virtual bool messages(const Cursor&, const Run&) { return false; }
  // More is there than the allowance let through.
  virtual void held_back(Cursor&) {}
  // The right to read ended. The cursor is gone when this returns.
  virtual void detached(Cursor& cursor, const Error& why) = 0;
  virtual const Subject& subject() const = 0;
  // The login was revoked: the session ends.
  virtual void revoked() = 0;
};

}  // namespace parley
