#include "broker/core/hub.h"

#include <algorithm>

#include "broker/core/may.h"
#include "broker/protocol/native_event.h"
#include "broker/protocol/websocket_writer.h"

namespace parley {

namespace {

Frame encode_signal(const std::string& room, const Signal& news) {
  std::string text;
  native::append_signal(text, room, news.type, news.user_id, news.user_name, news.body);
  return websocket::encode(websocket::Opcode::text, text);
}

Frame encode_messages(const std::string& room, const Run& run) {
  websocket::FrameRun frames;
  for (const EntryPtr& message : *run.entries) {
    frames.begin();
    native::append_message_signal(frames.buffer(), room, *message);
    frames.end(websocket::Opcode::text);
  }
  return frames.take();
}

}  // namespace

Hub::Hub(Remote<Log> log, const Clock& clock, WorkerCounters& counters, HubSettings settings)
    : log_(log), clock_(clock), counters_(counters), settings_(settings) {}

// ---- sessions

Hub::SessionId Hub::add_session(Subscriber& session) {
  counters_.sessions.add(1);
  return sessions_.add(&session);
}

void Hub::remove_session(SessionId id) {
  if (sessions_.take(id) != nullptr) counters_.sessions.add(-1);
}

// ---- attaching and detaching

void Hub::attach(SessionId session, SubjectPtr subject, Attach attach, Reply<Attachment> done) {
  const std::string name = attach.room;
  const bool present = attach.present;
  ++attaching_[name];
  log_.call<Attached>(
      [follower = follower_, subject, attach = std::move(attach)](Log& log, Reply<Attached> reply) mutable {
        log.attach(follower, subject, std::move(attach), std::move(reply));
      },
      [this, session, subject, name, present, done = std::move(done)](Result<Attached> result) mutable {
        attached(session, subject, name, present, std::move(result), std::move(done));
      });
}

void Hub::attached(SessionId id, const SubjectPtr& subject, const std::string& name, bool present, Result<Attached> result,
                   Reply<Attachment> done) {
  const auto waiting = attaching_.find(name);
  if (--waiting->second == 0) attaching_.erase(waiting);
  Subscriber* subscriber = session(id);
  if (!result) {
    // This one may have been what kept an empty room followed.
    if (const auto known = by_name_.find(name); known != by_name_.end()) drop_if_empty(*find(known->second));
    if (subscriber != nullptr) done(result.error());
    return;
  }
  Attached& at = result.value();
  std::unique_ptr<Room>& room = rooms_[at.room.id];
  if (!room) {
    room = std::make_unique<Room>(at.room, at.epoch, settings_.tail_entries, settings_.tail_bytes);
    room->start(at.room.head, at.tail);
    by_name_[at.room.name] = at.room.id;
    counters_.rooms.add(1);
  }
  if (subscriber == nullptr) {
    if (present) log_.tell([room_id = at.room.id, subject](Log& log) { log.detach(room_id, subject); });
    drop_if_empty(*room);
    return;
  }
  auto cursor = std::make_unique<Cursor>();
  Cursor& placed = *cursor;
  placed.subscriber = subscriber;
  placed.room = room.get();
  placed.subject = subject;
  placed.role = at.role;
  placed.present = present;
  placed.sent = at.start;
  placed.acked = at.start;
  placed.id = cursors_.add(std::move(cursor));
  room->add(placed);
  counters_.subscriptions.add(1);
  done(Attachment{std::move(at), &placed});
}

void Hub::detach(Cursor& cursor) {
  const std::unique_ptr<Cursor> taken = cursors_.take(cursor.id);
  Room& room = *taken->room;
  room.remove(*taken);
  counters_.subscriptions.add(-1);
  if (taken->present) log_.tell([id = room.info.id, subject = taken->subject](Log& log) { log.detach(id, subject); });
  drop_if_empty(room);
}

// A room without cursors is not followed. While an attach is under way it stays, since the log answers that one without the tail.
void Hub::drop_if_empty(Room& room) {
  if (!room.cursors().empty() || attaching_.contains(room.info.name)) return;
  log_.tell([follower = follower_, id = room.info.id](Log& log) { log.unfollow(follower, id); });
  counters_.rooms.add(-1);
  by_name_.erase(room.info.name);
  rooms_.erase(room.info.id);
}

Room* Hub::find(RoomId id) const {
  const auto found = rooms_.find(id);
  return found == rooms_.end() ? nullptr : found->second.get();
}

// ---- delivering

void Hub::entries(std::vector<Run> runs) {
  for (const Run& run : runs) {
    if (filtered_ != nullptr) filtered_->entries_come(run.room, *run.name, run.entries->front()->seq - 1);
    Room* room = find(run.room);
    if (room == nullptr) continue;  // left a moment ago
    for (const EntryPtr& entry : *run.entries) {
      if (entry->seq == room->tail().head() + 1) room->push(entry);
    }
    // Backwards, since a session that ends itself on delivery leaves the list by the last one taking its place.
    for (std::size_t i = room->cursors().size(); i-- > 0;) pump(*room->cursors()[i]);
    // Once a batch, of its oldest entry, so that the cost does not grow with what is delivered. Two machines' clocks may differ.
    counters_.delivery_latency_us.record(
        static_cast<std::uint64_t>(std::max<UnixMs>(0, clock_.unix_ms() - run.entries->front()->ts)) * 1000);
  }
}

void Hub::pump(Cursor& cursor) {
  while (cursor.sent < cursor.room->tail().head() && !cursor.reading) {
    const Subscriber::Allowance allowance = cursor.subscriber->allowance(cursor);
    if (allowance.entries == 0) return cursor.subscriber->held_back(cursor);
    if (cursor.sent + 1 < cursor.room->tail().first()) {
      request_page(cursor);
    } else {
      cursor.behind = false;
      deliver_from_tail(cursor, allowance);
    }
  }
}

void Hub::deliver_from_tail(Cursor& cursor, Subscriber::Allowance allowance) {
  constexpr unsigned run_max = 64;
  const Tail& tail = cursor.room->tail();
  const Seq first = cursor.sent + 1;
  const Seq end = first + std::min<std::uint64_t>({tail.head() - cursor.sent, allowance.entries, run_max});
  const std::size_t bytes_max = std::min(allowance.bytes, settings_.run_bytes);
  std::size_t bytes = tail.at(first)->footprint();
  Seq last = first;
  while (last + 1 < end && bytes < bytes_max) bytes += tail.at(++last)->footprint();
  counters_.deliveries.add(last - cursor.sent);
  cursor.subscriber->deliver(cursor, {cursor.room, first, last, nullptr});
}

// ---- readers behind the tail

void Hub::request_page(Cursor& cursor) {
  if (!cursor.behind) {
    cursor.behind = true;
    counters_.slow_readers.add();
  }
  cursor.reading = true;
  waiting_for_page_.push_back(cursor.id);
  next_page();
}

void Hub::next_page() {
  while (!waiting_for_page_.empty() && pages_under_way_ < settings_.pages_under_way) {
    const SlotId id = waiting_for_page_.front();
    waiting_for_page_.pop_front();
    const Cursor* cursor = cursors_.find(id);
    if (cursor == nullptr) continue;
    const Subscriber::Allowance allowance = cursor->subscriber->allowance(*cursor);
    const unsigned wanted = std::clamp(allowance.entries, 1U, settings_.page_entries);
    const std::size_t bytes = std::clamp(allowance.bytes, std::size_t{1}, settings_.page_bytes);
    ++pages_under_way_;
    counters_.pages.add();
    log_.call<LogPage>([room = cursor->room->info.id, after = cursor->sent, wanted, bytes](
                           Log& log, Reply<LogPage> reply) { log.read(room, after, wanted, bytes, std::move(reply)); },
                       [this, id](Result<LogPage> page) { page_arrived(id, std::move(page)); });
  }
}

void Hub::page_arrived(SlotId id, Result<LogPage> page) {
  --pages_under_way_;
  if (Cursor* cursor = cursors_.find(id)) {
    if (!page) {
      failed_reads_.push_back(id);  // it stays `reading` until tick() asks again
    } else {
      cursor->reading = false;
      const Seq next = page->entries.empty() ? std::min(page->floor, page->head + 1) : page->entries.front()->seq;
      if (next > cursor->sent + 1) {
        const Seq from = cursor->sent + 1;
        counters_.gaps.add(next - from);
        cursor->sent = next - 1;
        cursor->note_acked(cursor->sent);
        cursor->subscriber->gap(*cursor, from, next - 1);
      }
      if (!page->entries.empty()) {
        counters_.deliveries.add(page->entries.size());
        cursor->subscriber->deliver(*cursor, {cursor->room, next, page->entries.back()->seq, page->entries.data()});
      }
    }
  }
  if (Cursor* cursor = cursors_.find(id)) pump(*cursor);
  next_page();
}

void Hub::tick() {
  std::vector<SlotId> again;
  again.swap(failed_reads_);
  for (const SlotId id : again) {
    if (Cursor* cursor = cursors_.find(id)) {
      cursor->reading = false;
      pump(*cursor);
    }
  }
}

void Hub::acked(Cursor& cursor, Seq seq) {
  cursor.note_acked(seq);
  pump(cursor);
}

void Hub::pruned(RoomId id, Seq floor) {
  Room* room = find(id);
  if (room == nullptr) return;
  const Seq head = room->tail().head();
  room->prune(floor);
  if (room->tail().head() == head) return;
  // Overtaken: what lay between was never here, and the log has a gap to tell.
  for (std::size_t i = room->cursors().size(); i-- > 0;) pump(*room->cursors()[i]);
}

// ---- signals

void Hub::publish_signal(const Cursor& from, std::string type, std::string body) {
  auto news = std::make_shared<Signal>();
  news->room = from.room->info.id;
  news->type = std::move(type);
  news->user_id = from.subject->user_id;
  news->user_name = from.subject->name;
  news->body = std::move(body);
  local_signal(*from.room, *news);
  log_.tell([follower = follower_, signal = SignalPtr(std::move(news))](Log& log) { log.signal(follower, signal); });
}

void Hub::join_signal(Room& room, const Signal& news) {
  if (room.passing == 0) {
    if (passing_used_ == passing_.size()) passing_.emplace_back();
    room.passing = ++passing_used_;
    passing_[room.passing - 1].room = room.info.id;
  }
  Passing& passing = passing_[room.passing - 1];
  passing.frames.begin();
  native::append_signal(passing.frames.buffer(), room.info.name, news.type, news.user_id, news.user_name, news.body);
  passing.frames.end(websocket::Opcode::text);
  ++passing.count;
  if (passing.frames.size() >= settings_.run_bytes) pass_on(passing);
}

void Hub::pass_on(Passing& passing) {
  const Room* room = find(passing.room);
  const unsigned count = std::exchange(passing.count, 0);
  if (count == 0) return;
  const Frame frame = passing.frames.take();
  if (room == nullptr) return;  // left a moment ago
  for (std::size_t i = room->cursors().size(); i-- > 0;) {
    const Cursor& cursor = *room->cursors()[i];
    counters_.signals.add(count);
    cursor.subscriber->signals(cursor, frame, count);
  }
}

void Hub::end_turn() {
  for (std::uint32_t i = 0; i < passing_used_; ++i) {
    if (Room* room = find(passing_[i].room)) room->passing = 0;
    pass_on(passing_[i]);
  }
  passing_used_ = 0;
}

void Hub::messages(std::vector<Run> runs) {
  for (const Run& run : runs) {
    if (filtered_ != nullptr) filtered_->messages_come(run);
    const Room* room = find(run.room);
    if (room == nullptr) continue;
    const auto count = static_cast<unsigned>(run.entries->size());
    Frame frame;
    for (std::size_t i = room->cursors().size(); i-- > 0;) {
      const Cursor& cursor = *room->cursors()[i];
      counters_.signals.add(count);
      if (cursor.subscriber->messages(cursor, run)) continue;
      if (!frame) frame = encode_messages(room->info.name, run);
      cursor.subscriber->signals(cursor, frame, count);
    }
  }
}

void Hub::signal(SignalPtr news) {
  if (Room* room = find(news->room)) local_signal(*room, *news);
}

void Hub::local_signal(Room& room, const Signal& news) {
  if (settings_.turns && news.only_to.empty() && !news.only_watchers) return join_signal(room, news);
  Frame frame;
  for (std::size_t i = room.cursors().size(); i-- > 0;) {
    const Cursor& cursor = *room.cursors()[i];
    if (!news.only_to.empty() && cursor.subject->user_id != news.only_to) continue;
    if (news.only_watchers && !cursor.watching) continue;
    counters_.signals.add();
    if (!frame) frame = encode_signal(room.info.name, news);
    cursor.subscriber->signals(cursor, frame, 1);
  }
}

// ---- rights

void Hub::rights_changed(const RoomInfo& info, const std::string& user_id, Role role) {
  if (filtered_ != nullptr) filtered_->rights_changed(info.id, user_id);
  Room* room = find(info.id);
  if (room == nullptr) return;
  room->info.visibility = info.visibility;
  room->info.title = info.title;
  room->info.keep = info.keep;
  std::vector<SlotId> ids;
  for (const Cursor* cursor : room->cursors()) {
    if (user_id.empty() || cursor->subject->user_id == user_id) ids.push_back(cursor->id);
  }
  for (const SlotId id : ids) {
    Cursor* cursor = cursors_.find(id);
    if (cursor == nullptr) continue;
    if (!user_id.empty()) cursor->role = role;
    if (Status status = may(*cursor->subject, Action::read, {info.visibility, cursor->role}); !status) {
      cursor->subscriber->detached(*cursor, status.error());
    }
  }
}

void Hub::epoch_changed() {
  std::vector<SlotId> ids;
  cursors_.for_each([&](SlotId id, Cursor&) { ids.push_back(id); });
  for (const SlotId id : ids) {
    Cursor* cursor = cursors_.find(id);
    if (cursor == nullptr) continue;
    cursor->subscriber->detached(*cursor, {Code::unavailable, "the log was replaced by another one: subscribe again"});
  }
  // Rooms that an attach under way has kept: its answer brings the new log's.
  counters_.rooms.add(-static_cast<std::int64_t>(rooms_.size()));
  rooms_.clear();
  by_name_.clear();
}

void Hub::login_revoked(const std::string& login) {
  sessions_.for_each([&](SlotId, Subscriber& session) {
    if (session.subject().login == login) session.revoked();
  });
}

}  // namespace parley
