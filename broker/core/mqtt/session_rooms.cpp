// A session's cursors: when they come, and what they are for.

#include <algorithm>

#include "broker/core/mqtt/client.h"
#include "broker/core/mqtt/exchange.h"

namespace parley::mqtt {

Session::Joined* Session::find(RoomId id) const {
  const auto found = rooms_.find(id);
  return found == rooms_.end() ? nullptr : found->second.get();
}

void Session::wants(RoomId id, const std::string& name, std::optional<Seq> before,
                    const std::vector<std::uint32_t>& subscriptions) {
  std::unique_ptr<Joined>& slot = rooms_[id];
  if (!slot) {
    slot = std::make_unique<Joined>();
    slot->name = name;
    slot->matched = subscriptions;
    merge(*slot);
  }
  Joined& room = *slot;
  if (room.cursor != nullptr || room.denied) return;
  if (!room.position) room.position = before;
  if (client_ != nullptr && !resending_ && !room.attaching) attach(id, room);
}

void Session::set_attaching(RoomId id, Joined& room, bool attaching) {
  if (room.attaching == attaching) return;
  room.attaching = attaching;
  exchange_.attaching(id, attaching);
}

void Session::attach(RoomId id, Joined& room) {
  set_attaching(id, room, true);
  Attach attach;
  attach.room = room.name;
  attach.has_since = room.position.has_value();
  attach.since = room.position.value_or(0);
  attach.create = false;
  // Who names a room is in it; who listens to a whole tree is not in all its rooms.
  attach.present = std::any_of(room.matched.begin(), room.matched.end(), [&](std::uint32_t place) {
    return subscriptions_[place].state.filter.find_first_of("+#") == std::string::npos;
  });
  exchange_.hub().attach(id_, is_.subject, std::move(attach), [this, id, serial = ++room.serial](Result<Hub::Attachment> result) {
    attached(id, serial, std::move(result));
  });
}

void Session::attached(RoomId id, unsigned serial, Result<Hub::Attachment> result) {
  Joined* room = find(id);
  if (room == nullptr || !room->attaching || room->serial != serial) {
    if (result) exchange_.hub().detach(*result->cursor);
    return;
  }
  set_attaching(id, *room, false);
  if (!result) {
    if (result.error().code == Code::unavailable || result.error().code == Code::internal) {
      retry_.push_back(id);
    } else {
      room->denied = true;
      release_held();
    }
    return;
  }
  Cursor& cursor = *result->cursor;
  room->cursor = &cursor;
  cursor.place = room;
  // Also where that is pruned already: then the hub says so and goes on behind it.
  if (room->position) cursor.sent = std::min(*room->position, cursor.room->tail().head());
  cursor.acked = cursor.sent;
  release_held();
  exchange_.hub().start(cursor);
}

void Session::release_held() {
  while (!held_.empty()) {
    const auto& [id, message] = held_.front();
    const Joined* room = find(id);
    if (room != nullptr && room->attaching) return;
    if (room != nullptr && room->cursor != nullptr) send_message(*room, message);
    held_.pop_front();
  }
}

void Session::leave_room(RoomId id, Joined& room) {
  set_attaching(id, room, false);
  ++room.serial;
  room.waiting = false;
  if (room.cursor == nullptr) return;
  room.position = room.cursor->sent;
  exchange_.hub().detach(*std::exchange(room.cursor, nullptr));
}

void Session::detached(Cursor& cursor, const Error& /*why*/) {
  Joined* room = find(cursor.room->info.id);
  room->cursor = nullptr;
  room->denied = true;
  room->position.reset();
  exchange_.hub().detach(cursor);
}

void Session::ask_again(RoomId id, const std::string& user_id) {
  Joined* room = find(id);
  if (room == nullptr || !room->denied || (!user_id.empty() && user_id != is_.subject->user_id)) return;
  rooms_.erase(id);
}

void Session::hold(const Run& run) {
  const Joined* room = find(run.room);
  if (room != nullptr && room->attaching) hold_all(run);
}

void Session::hold_all(const Run& run) {
  for (const EntryPtr& message : *run.entries) {
    if (held_.size() >= exchange_.settings().held_messages_max) {
      exchange_.counters().lose(Lost::held_full);
    } else {
      held_.emplace_back(run.room, message);
    }
  }
}

// What all subscriptions that match amount to: one delivery at the highest QoS, with all identifiers.
void Session::merge(Joined& room) const {
  room.qos = QoS::at_most_once;
  room.retain_as_published = room.meta = room.some_no_local = false;
  room.ids.clear();
  for (const std::uint32_t place : room.matched) {
    const SubscriptionState& subscription = subscriptions_[place].state;
    room.qos = std::max(room.qos, subscription.qos);
    room.retain_as_published = room.retain_as_published || subscription.retain_as_published;
    room.meta = room.meta || subscription.meta;
    room.some_no_local = room.some_no_local || subscription.no_local;
    if (subscription.id != 0) room.ids.push_back(subscription.id);
  }
}

}  // namespace parley::mqtt
