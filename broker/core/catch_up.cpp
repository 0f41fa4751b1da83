#include "broker/core/catch_up.h"

#include <algorithm>

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
  if (settings_.replicated && !polling_ && now >= poll_due_) poll();
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

void CatchUp::poll() {
  polling_ = true;
  counters_.heads_polls.add();
  store_.moved_heads(snapshot_, [this](Result<MovedHeads> heads) { heads_arrived(std::move(heads)); });
}

void CatchUp::heads_arrived(Result<MovedHeads> heads) {
  polling_ = false;
  poll_due_ = clock_.mono_ms() + (bus_ ? settings_.heads_poll_ms : settings_.heads_poll_away_ms);
  if (!heads) {
    poll_due_ = clock_.mono_ms() + settings_.retry_ms;
    return;
  }
  last_poll_ = clock_.mono_ms();
  const bool another = !epoch_.empty() && heads->epoch != epoch_;
  const bool first = snapshot_.empty() || another;
  epoch_ = heads->epoch;
  snapshot_ = heads->snapshot;
  if (another) {
    for (const LogRoomPtr& room : std::exchange(lagging_, {})) room->sync.lagging = false;
    owner_.epoch_changed();
  }
  // Rooms that were loaded before the first snapshot may have moved before it.
  if (first) rooms_.for_each([this](const LogRoomPtr& room) { verify(room); });
  if (another) return;
  for (const RoomHead& moved : heads->rooms) {
    const LogRoomPtr room = rooms_.find(moved.room);
    if (!room || moved.head <= room->tail.head()) continue;
    room->sync.known_head = std::max(room->sync.known_head, moved.head);
    lag(room, gap_wait());
  }
}

}  // namespace parley
