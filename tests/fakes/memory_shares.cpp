#include "tests/fakes/memory_shares.h"

#include <algorithm>

namespace parley::fakes {

namespace {

void add(std::vector<SeqRange>& ranges, Seq seq) {
  if (!ranges.empty() && ranges.back().last + 1 == seq) {
    ranges.back().last = seq;
  } else {
    ranges.push_back({seq, seq});
  }
}

bool within(const std::vector<SeqRange>& ranges, Seq seq) {
  return std::any_of(ranges.begin(), ranges.end(), [&](const SeqRange& each) { return each.first <= seq && seq <= each.last; });
}

}  // namespace

bool MemoryShares::has_members(const std::string& filter) const {
  const auto found = groups_.find(filter);
  return found != groups_.end() && found->second.members > 0;
}

void MemoryShares::leave(const std::string& filter) {
  const auto found = groups_.find(filter);
  if (found != groups_.end() && --found->second.members == 0) groups_.erase(found);
}

std::vector<SeqRange> MemoryShares::claim(const std::string& filter, RoomId room, SessionId session, Seq head,
                                          unsigned entries_max) {
  Group& group = groups_[filter];
  std::vector<SeqRange> out;
  for (auto& [place, holder] : group.claimed) {
    if (entries_max == 0) return out;
    if (place.first != room || holder != 0) continue;
    holder = session;
    add(out, place.second);
    --entries_max;
  }
  Seq& next = group.next.try_emplace(room, 1).first->second;
  for (; entries_max > 0 && next <= head; --entries_max, ++next) {
    group.claimed[{room, next}] = session;
    add(out, next);
  }
  return out;
}

void MemoryShares::progress(SessionId session, const ShareProgress& progress) {
  const auto found = groups_.find(progress.filter);
  if (found == groups_.end()) return;
  auto& claimed = found->second.claimed;
  for (auto place = claimed.begin(); place != claimed.end();) {
    const bool its = place->second == session && place->first.first == progress.room;
    const Seq seq = place->first.second;
    if (its && within(progress.returned, seq)) place->second = 0;
    const bool done = its && within(progress.done, seq);
    place = done ? claimed.erase(place) : std::next(place);
  }
}

std::vector<ShareClaims> MemoryShares::claims(SessionId session) const {
  std::vector<ShareClaims> out;
  for (const auto& [filter, group] : groups_) {
    for (const auto& [place, holder] : group.claimed) {
      if (holder != session) continue;
      if (out.empty() || out.back().filter != filter || out.back().room != place.first) {
        out.push_back({filter, place.first, {}});
      }
      add(out.back().ranges, place.second);
    }
  }
  return out;
}

void MemoryShares::drop(SessionId session) {
  for (auto& [filter, group] : groups_) {
    std::erase_if(group.claimed, [&](const auto& each) { return each.second == session; });
  }
}

Seq MemoryShares::next(const std::string& filter, RoomId room) const {
  const auto group = groups_.find(filter);
  if (group == groups_.end()) return 1;
  const auto found = group->second.next.find(room);
  return found == group->second.next.end() ? 1 : found->second;
}

bool MemoryShares::has_work(const std::string& filter, RoomId room, Seq head) const {
  const auto group = groups_.find(filter);
  if (group == groups_.end()) return false;
  if (next(filter, room) <= head) return true;
  const auto& claimed = group->second.claimed;
  return std::any_of(claimed.begin(), claimed.end(),
                     [&](const auto& each) { return each.first.first == room && each.second == 0; });
}

Seq MemoryShares::lowest(const MatchedRoom& room) const {
  Seq lowest = room.head + 1;
  for (const auto& [filter, group] : groups_) {
    mqtt::SharedFilter shared;
    if (group.members == 0 || !mqtt::parse_shared(filter, shared) || !mqtt::topic_matches(shared.filter, room.name)) continue;
    lowest = std::min(lowest, next(filter, room.room));
    for (const auto& [place, holder] : group.claimed) {
      if (place.first == room.room) lowest = std::min(lowest, place.second);
    }
  }
  return lowest;
}

}  // namespace parley::fakes
