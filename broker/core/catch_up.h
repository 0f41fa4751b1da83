#pragma once

// Keeps the loaded rooms up with what is committed, here and by other replicas: entries come in any order, or not at all, and
// leave as runs without a hole. What does not come is read from storage, once per room however many wait for it.
//
// Threads: the log loop's.

#include <functional>
#include <vector>

#include "broker/core/counters.h"
#include "broker/core/room_table.h"

namespace parley {

struct CatchUpSettings {
  bool replicated = false;             // other processes write to the same storage
  MonoMs gap_wait_ms = 25;             // how long a hole may wait for the bus to fill it
  MonoMs retry_ms = 250;               // after a read that failed
  unsigned page_entries = 512;         // of one read
  std::size_t page_bytes = 1U << 20U;  // the same in bytes
  MonoMs heads_poll_ms = 1000;         // how often storage is asked which rooms moved
  MonoMs heads_poll_away_ms = 100;     // while the bus is away
};

class CatchUp {
 public:
  // Whom it tells.
  class Owner {
   public:
    virtual ~Owner() = default;
    // Entries may be taken: take() them.
    virtual void ready(const LogRoomPtr& room) = 0;
    // Everything below `floor` was pruned before it was read here; the room goes on there.
    virtual void overtaken(const LogRoomPtr& room, Seq floor) = 0;
    // Storage is another log: nothing that is loaded holds any more.
    virtual void epoch_changed() = 0;
    // Storage is about to be asked which rooms moved.
    virtual void poll_begins() = 0;
    // The answer to that: rooms that moved and are not loaded.
    virtual void poll_ended(const std::vector<RoomHead>& strangers) = 0;
  };

  CatchUp(Store& store, const Clock& clock, RoomTable& rooms, LogCounters& counters, CatchUpSettings settings, Owner& owner)
      : store_(store), clock_(clock), rooms_(rooms), counters_(counters), settings_(settings), owner_(owner) {}
  CatchUp(const CatchUp&) = delete;
  CatchUp& operator=(const CatchUp&) = delete;

  // A committed entry, from whoever.
  void add(const LogRoomPtr& room, const EntryPtr& entry);
  // Everything that follows the room's head without a hole, put on its tail.
  std::vector<EntryPtr> take(const LogRoomPtr& room);
  // What storage has at this moment is on the tail when `done` is called; unavailable.
  void refresh(const LogRoomPtr& room, Reply<Nothing> done);
  // The room was loaded at a head that may be old by now.
  void verify(const LogRoomPtr& room);
  // `done` is called when the owner has been told which rooms had moved at this moment or a later one; unavailable. At once where
  // nobody else writes.
  void sync(Reply<Nothing> done);
  // The rooms that are behind what is known to be committed, or not looked at yet, and that `f` wants.
  std::vector<LogRoomPtr> behind(const std::function<bool(const LogRoom&)>& f) const;
  bool replicated() const { return settings_.replicated; }

  void set_bus(bool connected);
  // Asks for the moved heads in the next work(), also when they are being asked for now.
  void hurry() { hurry_ = true; }
  // Every 10 ms or so: reads what is due.
  void work();

  // ---- for metrics and readiness
  std::size_t gaps() const { return lagging_.size(); }
  // How long the heads have not been learned, in ms.
  MonoMs heads_age() const { return clock_.mono_ms() - last_poll_; }

 private:
  void lag(const LogRoomPtr& room, MonoMs wait_ms);
  void read_on(const LogRoomPtr& room);
  void page_arrived(const LogRoomPtr& room, Result<LogPage> page);
  void poll();
  void heads_arrived(Result<MovedHeads> heads);
  Status note_heads(MovedHeads heads);
  MonoMs gap_wait() const { return bus_ ? settings_.gap_wait_ms : 0; }

  Store& store_;
  const Clock& clock_;
  RoomTable& rooms_;
  LogCounters& counters_;
  CatchUpSettings settings_;
  Owner& owner_;
  std::vector<LogRoomPtr> lagging_;
  bool bus_ = false;
  bool polling_ = false;
  bool hurry_ = true;
  MonoMs poll_due_ = 0;
  MonoMs poll_earliest_ = 0;
  MonoMs last_poll_ = 0;
  std::vector<Reply<Nothing>> syncs_;       // that wait for the poll under way
  std::vector<Reply<Nothing>> next_syncs_;  // for one that begins later
  std::string snapshot_;
  std::string epoch_;
};

}  // namespace parley
