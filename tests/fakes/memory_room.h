#pragma once

// One room of the memory store: its log, members, marks and reactions as plain containers, written for obviousness, not speed.

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "storage/reaction.h"
#include "storage/store.h"

namespace parley::fakes {

class MemoryRoom {
 public:
  MemoryRoom(RoomId id, NewRoom room, UnixMs now);

  const RoomInfo& info() const { return info_; }
  Result<Appended> append(const NewEntry& entry, UnixMs now);
  LogPage read(Seq after, unsigned entries_max, std::size_t bytes_max) const;
  HistoryPage history(const HistoryQuery& query) const;
  RoomView view(const std::string& user_id) const;
  Result<Member> member(const std::string& user_id) const;
  std::vector<Member> members_after(const std::string& after, unsigned limit) const;
  ReadMark set_read(const std::string& user_id, Seq seq);
  // Removes at most `rows_max` of the oldest entries that are over the limits and answers how many. Entries from `held` on stay
  // as long as the retention allows.
  unsigned prune(const Retention& retention, UnixMs now, unsigned rows_max, Seq held);
  const EntryPtr& retained() const { return retained_; }  // nullptr: none

 private:
  // What tells a repeat from a conflict; gone (nullopt) once the entry was deleted.
  using Fingerprint = std::optional<std::tuple<EntryType, Seq, std::string>>;
  struct Row {
    EntryPtr entry;
    Fingerprint fingerprint;
  };
  struct On {
    std::string key;
    std::string user_id;
    std::string user_name;
  };

  Row* row(Seq seq);
  Status check(const NewEntry& entry);
  std::optional<Result<Appended>> find_repeat(const NewEntry& entry);
  void apply_effects(const NewEntry& entry, UnixMs ts);
  void react(const NewEntry& entry);
  void change_member(const MemberChange& change, UnixMs ts);
  void remove_message(Seq target);
  std::vector<Reaction> reactions_of(Seq target, const std::string& viewer) const;
  unsigned unread(const std::string& user_id) const;

  RoomInfo info_;
  std::deque<Row> rows_;  // rows_[i] is seq floor + i
  EntryPtr retained_;
  std::map<std::pair<std::string, std::string>, Seq> cids_;
  std::map<std::string, Member> members_;
  std::map<std::string, Seq> marks_;
  std::map<Seq, std::vector<On>> reactions_;  // in the order in which they were set
};

}  // namespace parley::fakes
