#include "broker/core/mqtt/shares.h"

#include <algorithm>

#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

namespace {
constexpr std::size_t credit = 64;           // of a member
constexpr std::size_t entries_held = 1'024;  // of a group that waits; of more only the numbers are kept
}  // namespace

Shares::Shares(Log& log, HashKey key, ShareDelivery& workers, ShareStorage storage)
    : log_(log),
      workers_(workers),
      follower_(log.add_follower(*this)),
      tree_(key),
      places_(
          key, [&log](envelope::Groups groups) { log.tell_groups(std::move(groups)); }, [&log] { log.ask_replicas(); }),
      storage_(std::move(storage)) {
  log_.set_share_groups(this);
}

Shares::~Shares() {
  log_.set_share_groups(nullptr);
  log_.remove_follower(follower_);
}

Shares::Member* Shares::find(Group& group, ShareMember who) {
  const auto found =
      std::find_if(group.members.begin(), group.members.end(), [&](const Member& member) { return member.who == who; });
  return found == group.members.end() ? nullptr : &*found;
}

Shares::Group* Shares::find(SlotId number) {
  const auto found = by_number_.find(number);
  return found == by_number_.end() ? nullptr : found->second;
}

void Shares::join(const std::string& filter, ShareMember member, Reply<Nothing> done) {
  std::unique_ptr<Group>& group = groups_[filter];
  const bool fresh = !group;
  if (fresh) {
    group = std::make_unique<Group>();
    group->number = next_number_++;
    group->filter = filter;
    SharedFilter parts;
    parse_shared(filter, parts);
    group->matched = parts.filter;
    by_number_[group->number] = group.get();
  }
  if (find(*group, member) == nullptr) group->members.push_back({member, {}});
  if (fresh) {
    // A group in the tree has members.
    tree_.add(group->matched, {group->number, 0});
    log_.add_interest(follower_, group->matched);
  }
  places_.set_own(filter, group->members.size());
  assign(*group);
  if (!stored() || group->joined) {
    if (stored()) pump();
    return done(Nothing{});
  }
  group->asking.push_back(std::move(done));
  if (!std::exchange(group->joining, true)) subscribe(group->number, {});
}

void Shares::leave(const std::string& filter, ShareMember who) {
  const auto found = groups_.find(filter);
  if (found == groups_.end()) return;
  Group& group = *found->second;
  Member* member = find(group, who);
  if (member == nullptr) return;
  group.waiting.insert(group.waiting.begin(), member->owed.begin(), member->owed.end());
  group.members.erase(group.members.begin() + (member - group.members.data()));
  places_.set_own(filter, group.members.size());
  if (!group.members.empty()) return assign(group);
  if (stored()) give_back(group);
  tree_.remove(group.matched, group.number);
  log_.remove_interest(follower_, group.matched);
  by_number_.erase(group.number);
  groups_.erase(found);
}

void Shares::done(const std::string& filter, ShareMember who, RoomId room, Seq seq, bool saved) {
  const auto found = groups_.find(filter);
  if (found == groups_.end()) return;
  Member* member = find(*found->second, who);
  if (member == nullptr) return;
  const auto owed =
      std::find_if(member->owed.begin(), member->owed.end(), [&](const Owed& one) { return one.room == room && one.seq == seq; });
  if (owed == member->owed.end()) return;
  member->owed.erase(owed);
  if (!saved) finished(*found->second, room, seq);
  assign(*found->second);
  if (stored() && found->second->waiting.empty()) pump();
}

void Shares::entries(std::vector<Run> runs) {
  std::vector<FilterOwner> matched;
  for (const Run& run : runs) {
    matched.clear();
    tree_.match(*run.name, matched);
    for (const FilterOwner& owner : matched) {
      Group& group = *by_number_.at(owner.id);
      if (stored()) {
        note_entries(group, run);
        continue;
      }
      for (const EntryPtr& entry : *run.entries) {
        if (entry->type != EntryType::message) continue;
        group.waiting.push_back({run.room, run.name, entry->seq, group.waiting.size() < entries_held ? entry : nullptr});
      }
      assign(group);
    }
  }
  if (stored()) pump();
}

// ---- messages that are not kept

std::vector<envelope::GroupChoice> Shares::published(const LogRoom& room, const EntryPtr& message) {
  std::vector<envelope::GroupChoice> chosen;
  matched_.clear();
  if (tree_.size() != 0) tree_.match(room.info.name, matched_);
  for (const FilterOwner& owner : matched_) {
    Group& group = *by_number_.at(owner.id);
    const SharePlaces::Group* elsewhere = places_.find(group.filter);
    const std::size_t here = group.members.size();
    const std::uint64_t turn = group.turn++ % (here + (elsewhere != nullptr ? elsewhere->total : 0));
    if (turn < here || elsewhere == nullptr) {
      workers_.deliver_shared(group.members[turn].who, group.filter, room.name, message);
    } else {
      chosen.push_back({group.filter, SharePlaces::place(*elsewhere, turn - here)});
    }
  }
  elsewhere_.clear();
  places_.match(room.info.name, elsewhere_);
  for (SharePlaces::Group* group : elsewhere_) {
    if (groups_.count(group->filter) != 0) continue;
    chosen.push_back({group->filter, SharePlaces::place(*group, group->turn++ % group->total)});
  }
  return chosen;
}

void Shares::forwarded(const LogRoom& room, const EntryPtr& message, const std::vector<envelope::GroupChoice>& chosen) {
  for (const envelope::GroupChoice& choice : chosen) {
    if (choice.replica != log_.replica()) continue;
    const auto found = groups_.find(choice.filter);
    if (found == groups_.end()) continue;  // its last member has just left
    Group& group = *found->second;
    workers_.deliver_shared(group.members[group.turn++ % group.members.size()].who, group.filter, room.name, message);
  }
}

void Shares::heard(const std::string& replica, const envelope::Groups& groups) {
  if (stored()) places_.heard(replica, groups, storage_.clock->mono_ms());
}

// ---- entries

// In turn, those that have credit.
void Shares::assign(Group& group) {
  while (!group.waiting.empty() && !group.members.empty()) {
    Member* member = nullptr;
    for (std::size_t i = 0; i < group.members.size() && member == nullptr; ++i) {
      Member& candidate = group.members[(group.next + i) % group.members.size()];
      if (candidate.owed.size() < credit) {
        member = &candidate;
        group.next = (group.next + i + 1) % group.members.size();
      }
    }
    if (member == nullptr) return;
    if (!group.waiting.front().entry) return read(group);
    if (group.waiting.front().entry->type != EntryType::message) {
      group.next = (group.next + group.members.size() - 1) % group.members.size();  // nobody's turn
      finished(group, group.waiting.front().room, group.waiting.front().seq);
      group.waiting.pop_front();
      continue;
    }
    member->owed.push_back(group.waiting.front());
    group.waiting.pop_front();
    Owed& owed = member->owed.back();
    workers_.deliver_shared(member->who, group.filter, owed.name, owed.entry);
    if (owed.entry->footprint() > 4096) owed.entry = nullptr;  // read again, should it come to that
  }
}

void Shares::read(Group& group) {
  if (group.reading) return;
  group.reading = true;
  const Owed& first = group.waiting.front();
  constexpr std::size_t bytes_max = 256U << 10U;
  log_.read(first.room, first.seq - 1, credit, bytes_max,
            [this, number = group.number, room = first.room, seq = first.seq](const Result<LogPage>& page) {
              const auto found = by_number_.find(number);
              if (found == by_number_.end()) return;
              Group& waiting = *found->second;
              waiting.reading = false;
              if (!page) return;  // asked again with the next event
              for (const EntryPtr& entry : page->entries) {
                for (Owed& owed : waiting.waiting) {
                  if (owed.room == entry->room && owed.seq == entry->seq) owed.entry = entry;
                  if (owed.room == entry->room && owed.seq >= entry->seq) break;
                }
              }
              // Pruned or gone.
              if (!waiting.waiting.empty() && waiting.waiting.front().room == room && waiting.waiting.front().seq == seq &&
                  !waiting.waiting.front().entry) {
                finished(waiting, waiting.waiting.front().room, waiting.waiting.front().seq);
                waiting.waiting.pop_front();
              }
              assign(waiting);
            });
}

// What was owed is of a log that is no more.
void Shares::epoch_changed() {
  for (auto& [filter, group] : groups_) {
    group->waiting.clear();
    for (Member& member : group->members) member.owed.clear();
    group->work.clear();
  }
  recent_.clear();
  if (stored()) lost();
}

}  // namespace parley::mqtt
