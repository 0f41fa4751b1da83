// MemorySessions: subscriptions, cursors, windows and shares.

#include <algorithm>

#include "tests/fakes/memory_sessions.h"

namespace parley::fakes {

namespace {
Error lost() { return {Code::conflict, std::string(session_lost_message)}; }
}  // namespace

RoomsPage MemorySessions::walk(std::string_view filter, const RoomsStep& step, const std::function<bool(MatchedRoom&)>& visit) {
  RoomsPage page;
  unsigned looked_at = 0;
  for (auto place = rooms_.names.upper_bound(step.after); place != rooms_.names.end(); ++place) {
    if (looked_at++ == step.rooms_max) {
      page.done = false;
      break;
    }
    page.next = place->first;
    if (!mqtt::topic_matches(filter, place->first)) continue;
    const MemoryRoom& room = *rooms_.find(place->second);
    const RoomInfo& info = room.info();
    MatchedRoom match{info.id, info.name, info.visibility, info.keep, info.head, info.floor, info.head, {}, nullptr};
    if (step.retained && room.retained() != nullptr) {
      const UnixMs expires = room.retained()->expires;
      if (expires == 0 || expires > step.now) match.retained = room.retained();
    }
    if (visit(match)) page.rooms.push_back(std::move(match));
  }
  return page;
}

Result<RoomsPage> MemorySessions::subscribe(SessionKey key, const MqttSubscription& subscription, const RoomsStep& step) {
  Session* session = find(key);
  if (session == nullptr) return lost();
  mqtt::SharedFilter shared;
  const bool is_shared = mqtt::parse_shared(subscription.filter, shared);
  const bool first_member = is_shared && !shares_.has_members(subscription.filter);
  RoomsStep asked = step;
  asked.retained = step.retained && !is_shared;
  RoomsPage page = walk(is_shared ? shared.filter : subscription.filter, asked, [&](MatchedRoom& room) {
    if (first_member) shares_.note_head(subscription.filter, room.room, room.head);
    if (is_shared) room.low = shares_.next(subscription.filter, room.room) - 1;
    if (!subscription.keeps_cursors()) return true;
    const Seq start = session->covers(room.name) ? 0 : room.head;
    SessionCursor& cursor = session->cursors.try_emplace(room.room, SessionCursor{room.room, start, {}}).first->second;
    if (!session->covers(room.name)) cursor = {room.room, room.head, {}};
    room.low = cursor.low;
    room.above = cursor.above;
    return true;
  });
  if (page.done) {
    const bool fresh = session->subscriptions.insert_or_assign(subscription.filter, subscription).second;
    if (is_shared && fresh) shares_.join(subscription.filter);
  }
  return page;
}

Result<std::vector<bool>> MemorySessions::unsubscribe(SessionKey key, const std::vector<std::string>& filters) {
  Session* session = find(key);
  if (session == nullptr) return lost();
  std::vector<bool> out;
  for (const std::string& filter : filters) {
    const bool known = session->subscriptions.erase(filter) > 0;
    if (known && mqtt::is_shared(filter)) shares_.leave(filter);
    out.push_back(known);
  }
  std::erase_if(session->cursors, [&](const auto& each) { return !session->covers(rooms_.find(each.first)->info().name); });
  return out;
}

RoomsPage MemorySessions::match(std::string_view filter, const RoomsStep& step) {
  return walk(filter, step, [](MatchedRoom&) { return true; });
}

Status MemorySessions::save(const SessionSave& save) {
  Session* session = find(save.session);
  if (session == nullptr) return lost();
  for (const SessionCursor& cursor : save.cursors) session->cursors[cursor.room] = cursor;
  for (const std::uint16_t id : save.outbound_done) session->outbound.erase(id);
  for (const Outbound& outbound : save.outbound) session->outbound[outbound.packet_id] = outbound;
  for (const std::uint16_t id : save.inbound_done) session->inbound.erase(id);
  for (const std::uint16_t id : save.inbound_held) session->inbound.try_emplace(id);
  const SessionKey claimer = save.shares_of.id != 0 ? save.shares_of : save.session;
  if (find(claimer) == nullptr) return ok_status();
  for (const ShareProgress& progress : save.shares) shares_.progress(claimer.id, progress);
  return ok_status();
}

Result<RoomsPage> MemorySessions::backlog(SessionKey key, const RoomsStep& step) {
  Session* session = find(key);
  if (session == nullptr) return lost();
  RoomsPage page = walk("#", step, [&](MatchedRoom& room) {
    if (!session->covers(room.name)) return false;
    const auto cursor = session->cursors.find(room.room);
    room.low = 0;
    if (cursor != session->cursors.end()) {
      room.low = cursor->second.low;
      room.above = cursor->second.above;
    }
    return room.head > room.low;
  });
  return page;
}

Result<std::vector<SeqRange>> MemorySessions::claim(const ClaimRequest& request) {
  Session* session = find(request.session);
  if (session == nullptr) return lost();
  MemoryRoom* room = rooms_.find(request.room);
  if (room == nullptr || !session->subscriptions.contains(request.filter)) return {Code::not_found, "no such subscription"};
  return shares_.claim(request.filter, request.room, session->key.id, room->info().head, request.entries_max);
}

Result<std::vector<ShareClaims>> MemorySessions::claims(SessionKey key) {
  if (find(key) == nullptr) return lost();
  return shares_.claims(key.id);
}

RoomsPage MemorySessions::share_backlog(const std::string& filter, const RoomsStep& step) {
  mqtt::SharedFilter shared;
  if (!mqtt::parse_shared(filter, shared) || !shares_.has_members(filter)) return {};
  return walk(shared.filter, step, [&](MatchedRoom& room) {
    room.low = shares_.next(filter, room.room) - 1;
    return shares_.has_work(filter, room.room, room.head);
  });
}

}  // namespace parley::fakes
