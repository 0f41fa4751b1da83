#include "tests/fakes/memory_sessions.h"

#include <algorithm>

namespace parley::fakes {

namespace {

Error lost() { return {Code::conflict, std::string(session_lost_message)}; }

UnixMs later(UnixMs now, std::uint32_t seconds) {
  return seconds == session_never_expires ? INT64_MAX : now + UnixMs{seconds} * 1000;
}

bool of_qos2(OutboundState state) { return state != OutboundState::publish_qos1; }

}  // namespace

bool MemorySessions::Session::covers(std::string_view room) const {
  return std::any_of(subscriptions.begin(), subscriptions.end(),
                     [&](const auto& each) { return each.second.keeps_cursors() && mqtt::topic_matches(each.first, room); });
}

MemorySessions::Session* MemorySessions::find(SessionKey key) {
  const auto found = sessions_.find(key.id);
  return found != sessions_.end() && found->second.key == key ? &found->second : nullptr;
}

bool MemorySessions::lease_over(const Session& session, UnixMs now) const {
  if (session.owner.empty()) return false;
  const auto lease = leases_.find(session.owner);
  return lease == leases_.end() || lease->second <= now;
}

// ---- a session's life

MemorySessions::Session& MemorySessions::make(const SessionOpening& opening, std::uint64_t generation) {
  Session& session = sessions_[++last_session_];
  session.key = {last_session_, generation};
  session.client_id = opening.client_id;
  client_ids_[opening.client_id] = last_session_;
  return session;
}

Result<SessionOpened> MemorySessions::open(const SessionOpening& opening, UnixMs now) {
  SessionOpened out;
  Session* session = nullptr;
  if (const auto known = client_ids_.find(opening.client_id); known != client_ids_.end()) {
    session = &sessions_.at(known->second);
    if (lease_over(*session, now)) lapse(*session, now);
    if (session->owner.empty() && session->expires <= now) {
      end(known->second, now);
      session = nullptr;
    }
  }
  if (session != nullptr) {
    if (session->user_id != opening.user_id) return {Code::forbidden, "the client id is another user's: choose another one"};
    out.previous = session->key;
    out.previous_owner = session->owner;
    const bool ends = opening.clean_start || (!session->owner.empty() && session->expiry_s == 0);
    settle_will(*session, ends, now);
    if (ends) {
      end(session->key.id, now);
      session = nullptr;
    }
  }
  out.present = session != nullptr;
  out.interrupted = session != nullptr && (session->interrupted || !session->owner.empty());
  if (session == nullptr) session = &make(opening, out.previous.generation);
  ++session->key.generation;
  session->user_id = opening.user_id;
  session->owner = opening.owner;
  session->interrupted = false;
  session->expiry_s = opening.expiry_s;
  if (opening.will) {
    const WillId id = ++last_will_;
    wills_[id] = {{id, opening.client_id, *opening.will}, session->key.id, never};
  }
  out.key = session->key;
  for (const auto& [filter, subscription] : session->subscriptions) out.subscriptions.push_back(subscription);
  for (const auto& [id, outbound] : session->outbound) out.outbound.push_back(outbound);
  std::sort(out.outbound.begin(), out.outbound.end(), [](const auto& a, const auto& b) { return a.order < b.order; });
  for (const auto& [id, appended] : session->inbound) out.inbound.push_back(id);
  out.wills = wills_of(opening.client_id, now);
  return out;
}

void MemorySessions::settle_will(const Session& session, bool ends, UnixMs now) {
  for (auto place = wills_.begin(); place != wills_.end();) {
    Will& will = place->second;
    if (will.session != session.key.id) {
      ++place;
      continue;
    }
    const bool fires = ends || will.at <= now || (!session.owner.empty() && will.due.will.delay_s == 0);
    will.session = 0;
    will.at = std::min(will.at, now);
    place = fires ? std::next(place) : wills_.erase(place);
  }
}

std::vector<DueWill> MemorySessions::wills_of(const std::string& client_id, UnixMs now) const {
  std::vector<DueWill> out;
  for (const auto& [id, will] : wills_) {
    if (will.due.client_id == client_id && will.at <= now) out.push_back(will.due);
  }
  return out;
}

void MemorySessions::disconnect(Session& session, UnixMs at) {
  session.owner.clear();
  session.expires = later(at, session.expiry_s);
  for (auto& [id, will] : wills_) {
    if (will.session == session.key.id) will.at = later(at, std::min(will.due.will.delay_s, session.expiry_s));
  }
}

Result<std::vector<DueWill>> MemorySessions::close(SessionKey key, std::optional<std::uint32_t> expiry_s, bool drop_will,
                                                   UnixMs now) {
  Session* session = find(key);
  if (session == nullptr) return lost();
  if (session->owner.empty()) return std::vector<DueWill>();
  session->expiry_s = expiry_s.value_or(session->expiry_s);
  if (drop_will) std::erase_if(wills_, [&](const auto& each) { return each.second.session == key.id; });
  disconnect(*session, now);
  const std::string client_id = session->client_id;
  if (session->expiry_s == 0) end(key.id, now);
  return wills_of(client_id, now);
}

void MemorySessions::lapse(Session& session, UnixMs now) {
  const auto lease = leases_.find(session.owner);
  disconnect(session, lease == leases_.end() ? now : lease->second);
  ++session.key.generation;
  session.interrupted = true;
  shares_.release(session.key.id, [&](RoomId room, Seq seq) {
    return std::any_of(session.outbound.begin(), session.outbound.end(), [&](const auto& each) {
      return of_qos2(each.second.state) && each.second.room == room && each.second.seq == seq;
    });
  });
}

void MemorySessions::end(SessionId id, UnixMs now) {
  Session& session = sessions_.at(id);
  for (auto& [will_id, will] : wills_) {
    if (will.session != id) continue;
    will.session = 0;
    will.at = std::min(will.at, now);
  }
  // What is under way with QoS 2 goes to nobody else [MQTT-4.8.2-5].
  shares_.release(id, [&](RoomId room, Seq seq) {
    return std::any_of(session.outbound.begin(), session.outbound.end(), [&](const auto& each) {
      return of_qos2(each.second.state) && each.second.room == room && each.second.seq == seq;
    });
  });
  shares_.drop(id);
  for (const auto& [filter, subscription] : session.subscriptions) {
    if (mqtt::is_shared(filter)) shares_.leave(filter);
  }
  client_ids_.erase(session.client_id);
  sessions_.erase(id);
}

Result<SessionInfo> MemorySessions::find(const std::string& client_id) const {
  const auto known = client_ids_.find(client_id);
  if (known == client_ids_.end()) return {Code::not_found, "no such session"};
  const Session& session = sessions_.at(known->second);
  return SessionInfo{session.key, session.user_id, session.owner, session.owner.empty() ? session.expires : 0};
}

Swept MemorySessions::sweep(UnixMs now, unsigned rows_max) {
  Swept out;
  std::vector<SessionId> over;
  for (auto& [id, session] : sessions_) {
    if (out.lapsed.size() + over.size() >= rows_max) {
      out.more = true;
      break;
    }
    if (lease_over(session, now)) {
      out.lapsed.push_back({session.key, session.client_id, session.owner});
      lapse(session, now);
    }
    if (session.owner.empty() && session.expires <= now) over.push_back(id);
  }
  for (const SessionId id : over) {
    const Session& session = sessions_.at(id);
    out.ended.push_back({session.key, session.client_id, {}});
    end(id, now);
  }
  return out;
}

std::vector<DueWill> MemorySessions::due_wills(UnixMs now, unsigned limit) const {
  std::vector<const Will*> due;
  for (const auto& [id, will] : wills_) {
    if (will.at <= now) due.push_back(&will);
  }
  std::stable_sort(due.begin(), due.end(), [](const Will* a, const Will* b) { return a->at < b->at; });
  std::vector<DueWill> out;
  for (const Will* will : due) {
    if (out.size() < limit) out.push_back(will->due);
  }
  return out;
}

Status MemorySessions::take_will(WillId will) {
  if (wills_.erase(will) == 0) return {Code::not_found, "the will is gone: fired or taken back"};
  return ok_status();
}

// ---- appends

std::optional<Result<Appended>> MemorySessions::before_append(const NewEntry& entry) {
  if (entry.inbound) {
    const Session* session = find(entry.inbound->session);
    if (session == nullptr) return Result<Appended>(lost());
    const auto known = session->inbound.find(entry.inbound->packet_id);
    if (known != session->inbound.end()) {
      Appended first = known->second;
      first.duplicate = true;
      return Result<Appended>(first);
    }
  }
  if (entry.will != 0 && !wills_.contains(entry.will)) {
    return Result<Appended>(Code::conflict, "the will is gone: fired or taken back");
  }
  return std::nullopt;
}

void MemorySessions::after_append(const NewEntry& entry, const Appended& appended) {
  if (entry.inbound) find(entry.inbound->session)->inbound[entry.inbound->packet_id] = appended;
  wills_.erase(entry.will);
}

Seq MemorySessions::held(const RoomInfo& room) const {
  MatchedRoom place;
  place.room = room.id;
  place.name = room.name;
  place.head = room.head;
  Seq lowest = shares_.lowest(place);
  for (const auto& [id, session] : sessions_) {
    if (!session.covers(room.name)) continue;
    const auto cursor = session.cursors.find(room.id);
    lowest = std::min(lowest, cursor == session.cursors.end() ? 1 : cursor->second.low + 1);
  }
  return lowest;
}

}  // namespace parley::fakes
