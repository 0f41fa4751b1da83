#include "broker/core/catch_up.h"

#include <algorithm>
#include <iterator>

namespace parley {

// ---- entries in, runs out

void CatchUp::add(const LogRoomPtr& room, const EntryPtr& entry) {
  RoomSync& sync = room->sync;
  sync.known_head = std::max(sync.known_head, entry->seq);
  if (!sync.waiting.add(entry, room->tail.head())) counters_.reorder_overflows.add();
}

std::vector<EntryPtr> CatchUp::take(const LogRoomPtr& room) {
  std::vector<EntryPtr> run;
  while (EntryPtr next = room->sync.waiting.take(room->tail.head())) {
    room->tail.push(next);
    room->info.head = next->seq;
    room->info.messages = next->messages;
    room->info.last_ts = next->ts;
    run.push_back(std::move(next));
  }
  if (room->sync.known_head > room->tail.head()) lag(room, gap_wait());
  return run;
}

void CatchUp::verify(const LogRoomPtr& room) {
  if (!settings_.replicated) return;
  room->sync.unverified = true;
  lag(room, 0);
}

void CatchUp::refresh(const LogRoomPtr& room, Reply<Nothing> done) {
  room->sync.next_waiters.push_back(std::move(done));
  if (!room->sync.reading) read_on(room);
}

void CatchUp::lag(const LogRoomPtr& room, MonoMs wait_ms) {
  RoomSync& sync = room->sync;
  const MonoMs due = clock_.mono_ms() + wait_ms;
  if (!sync.lagging) {
    sync.lagging = true;
    sync.due = due;
    lagging_.push_back(room);
  } else {
    sync.due = std::min(sync.due, due);
  }
}

// ---- reading what did not come

void CatchUp::work() {
  const MonoMs now = clock_.mono_ms();
  // Reads may end here only later, so the list does not change beneath the loop; it is swapped all the same.
  std::vector<LogRoomPtr> rooms = std::move(lagging_);
  lagging_.clear();
  for (const LogRoomPtr& room : rooms) {
    RoomSync& sync = room->sync;
    const bool behind = sync.unverified || sync.known_head > room->tail.head();
    if (!behind) {
      sync.lagging = false;
      continue;
    }
    lagging_.push_back(room);
    if (now >= sync.due && !sync.reading) read_on(room);
  }
  if (settings_.replicated && !polling_ && now >= poll_earliest_ && (hurry_ || now >= poll_due_)) poll();
}

void CatchUp::read_on(const LogRoomPtr& room) {
  RoomSync& sync = room->sync;
  sync.reading = true;
  sync.unverified = false;
  sync.waiters = std::exchange(sync.next_waiters, {});
  counters_.gap_reads.add();
  store_.read(room->info.id, room->tail.head(), settings_.page_entries, settings_.page_bytes,
              [this, room](Result<LogPage> page) { page_arrived(room, std::move(page)); });
}

void CatchUp::page_arrived(const LogRoomPtr& room, Result<LogPage> page) {
  RoomSync& sync = room->sync;
  sync.reading = false;
  std::vector<Reply<Nothing>> waiters = std::exchange(sync.waiters, {});
  if (!page) {
    sync.unverified = true;
    sync.due = clock_.mono_ms() + settings_.retry_ms;
    if (rooms_.find(room->info.id) == room) lag(room, settings_.retry_ms);
    for (Reply<Nothing>& waiter : waiters) waiter(page.error());
    if (!sync.next_waiters.empty() && !sync.reading) read_on(room);
    return;
  }
  const Seq first = page->entries.empty() ? std::min(page->floor, page->head + 1) : page->entries.front()->seq;
  if (first > room->tail.head() + 1) owner_.overtaken(room, first);
  for (const EntryPtr& entry : page->entries) {
    if (entry->seq > room->tail.head()) counters_.filled.add();
    add(room, entry);
  }
  sync.known_head = std::max(sync.known_head, page->head);
  room->info.floor = std::max(room->info.floor, page->floor);
  owner_.ready(room);
  if (room->tail.head() < page->head && rooms_.find(room->info.id) == room) {
    // More pages: those who wait for this read wait on.
    sync.next_waiters.insert(sync.next_waiters.begin(), std::make_move_iterator(waiters.begin()),
                             std::make_move_iterator(waiters.end()));
    waiters.clear();
    if (!sync.reading) read_on(room);
  }
  for (Reply<Nothing>& waiter : waiters) waiter(Nothing{});
  if (!sync.next_waiters.empty() && !sync.reading) read_on(room);
}

// ---- anti-entropy

void CatchUp::set_bus(bool connected) {
  bus_ = connected;
  hurry();
}

void CatchUp::sync(Reply<Nothing> done) {
  if (!settings_.replicated) return done(Nothing{});
  next_syncs_.push_back(std::move(done));
  if (!polling_) poll();
}

std::vector<LogRoomPtr> CatchUp::behind(const std::function<bool(const LogRoom&)>& f) const {
  std::vector<LogRoomPtr> found;
  for (const LogRoomPtr& room : lagging_) {
    if ((room->sync.unverified || room->sync.known_head > room->tail.head()) && f(*room)) found.push_back(room);
  }
  return found;
}

void CatchUp::poll() {
  polling_ = true;
  hurry_ = false;
  syncs_ = std::exchange(next_syncs_, {});
  owner_.poll_begins();
  counters_.heads_polls.add();
  store_.moved_heads(snapshot_, [this](Result<MovedHeads> heads) { heads_arrived(std::move(heads)); });
}

void CatchUp::heads_arrived(Result<MovedHeads> heads) {
  polling_ = false;
  const MonoMs now = clock_.mono_ms();
  poll_due_ = now + (bus_ ? settings_.heads_poll_ms : settings_.heads_poll_away_ms);
  poll_earliest_ = heads ? now : now + settings_.retry_ms;
  const Status status = heads ? note_heads(std::move(heads).value()) : Status(heads.error());
  std::vector<Reply<Nothing>> syncs = std::exchange(syncs_, {});
  if (!status) std::move(next_syncs_.begin(), next_syncs_.end(), std::back_inserter(syncs));
  if (!status) next_syncs_.clear();
  for (Reply<Nothing>& done : syncs) done(status ? Result<Nothing>(Nothing{}) : Result<Nothing>(status.error()));
  if (!next_syncs_.empty() && !polling_) poll();
}

Status CatchUp::note_heads(MovedHeads heads) {
  last_poll_ = clock_.mono_ms();
  const bool another = !epoch_.empty() && heads.epoch != epoch_;
  const bool first = snapshot_.empty() || another;
  epoch_ = std::move(heads.epoch);
  snapshot_ = std::move(heads.snapshot);
  if (another) {
    for (const LogRoomPtr& room : std::exchange(lagging_, {})) room->sync.lagging = false;
    owner_.epoch_changed();
  }
  // Rooms that were loaded before the first snapshot may have moved before it.
  if (first) rooms_.for_each([this](const LogRoomPtr& room) { verify(room); });
  if (another) return {Code::unavailable, "the log was replaced by another one a moment ago: try again"};
  std::vector<RoomHead> strangers;
  for (const RoomHead& moved : heads.rooms) {
    const LogRoomPtr room = rooms_.find(moved.room);
    if (!room) strangers.push_back(moved);
    if (!room || moved.head <= room->tail.head()) continue;
    room->sync.known_head = std::max(room->sync.known_head, moved.head);
    lag(room, gap_wait());
  }
  owner_.poll_ended(strangers);
  return ok_status();
}

}  // namespace parley
