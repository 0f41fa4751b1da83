#pragma once

// The `$share` groups of the memory store.

#include <map>
#include <string>
#include <vector>

#include "storage/mqtt_store.h"

namespace parley::fakes {

class MemoryShares {
 public:
  // ---- members; a group without any notes heads and is forgotten when the last one leaves
  bool has_members(const std::string& filter) const;
  void note_head(const std::string& filter, RoomId room, Seq head) { groups_[filter].next[room] = head + 1; }
  void join(const std::string& filter) { ++groups_[filter].members; }
  void leave(const std::string& filter);

  // ---- claims
  std::vector<SeqRange> claim(const std::string& filter, RoomId room, SessionId session, Seq head, unsigned entries_max);
  void progress(SessionId session, const ShareProgress& progress);
  std::vector<ShareClaims> claims(SessionId session) const;
  // The session's claims go back to the group, but for those that `keeps` says yes to.
  template <typename Keeps>
  void release(SessionId session, Keeps keeps) {
    for (auto& [filter, group] : groups_) {
      for (auto& [place, holder] : group.claimed) {
        if (holder == session && !keeps(place.first, place.second)) holder = 0;
      }
    }
  }
  // What the session still holds is done for the group.
  void drop(SessionId session);

  Seq next(const std::string& filter, RoomId room) const;
  bool has_work(const std::string& filter, RoomId room, Seq head) const;
  // The lowest seq of the room that a group whose filter matches may still ask for; `head` + 1 when there is none.
  Seq lowest(const MatchedRoom& room) const;

 private:
  struct Group {
    unsigned members = 0;
    std::map<RoomId, Seq> next;                           // absent: 1
    std::map<std::pair<RoomId, Seq>, SessionId> claimed;  // one by one; session 0: given back
  };
  std::map<std::string, Group> groups_;
};

}  // namespace parley::fakes
