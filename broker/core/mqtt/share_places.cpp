#include "broker/core/mqtt/share_places.h"

#include <utility>

#include "broker/cluster/bus.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

SharePlaces::SharePlaces(HashKey key, Tell tell, Ask ask) : tell_(std::move(tell)), ask_(std::move(ask)), tree_(key) {}

// ---- this replica's own

void SharePlaces::set_own(const std::string& filter, std::uint64_t members) {
  changed_[filter] = members;
  if (members == 0) {
    own_.erase(filter);
  } else {
    own_[filter] = members;
  }
}

void SharePlaces::tell_all() {
  changed_.clear();
  if (own_.empty()) return;
  envelope::Groups part{true, own_.size(), {}};
  std::size_t bytes = 0;
  for (const auto& [filter, members] : own_) {
    if (bytes > cluster::message_bytes) {
      tell_(std::exchange(part, {false, own_.size(), {}}));
      bytes = 0;
    }
    part.groups.push_back({filter, members});
    bytes += filter.size() + 8;
  }
  tell_(std::move(part));
}

void SharePlaces::tick(MonoMs now) {
  if (!changed_.empty()) {
    envelope::Groups news{false, own_.size(), {}};
    for (const auto& [filter, members] : std::exchange(changed_, {})) news.groups.push_back({filter, members});
    tell_(std::move(news));
  } else if (!own_.empty() && now - said_ >= places_said_ms) {
    said_ = now;
    tell_({false, own_.size(), {}});
  }
  std::vector<std::string> silent;
  for (const auto& [id, replica] : replicas_) {
    if (now - replica.heard >= places_silent_ms) silent.push_back(id);
  }
  for (const std::string& id : silent) forget(id);
}

// ---- the others'

void SharePlaces::heard(const std::string& replica, const envelope::Groups& groups, MonoMs now) {
  if (groups.whole) forget(replica);
  Replica& from = replicas_[replica];
  from.heard = now;
  for (const envelope::GroupMembers& group : groups.groups) set(replica, group.filter, group.members);
  const bool missed = groups.groups.empty() && from.groups.size() != groups.total;
  if (missed && (asked_ == 0 || now - asked_ >= places_said_ms)) {
    asked_ = now;
    ask_();
  }
  if (from.groups.empty() && groups.total == 0) replicas_.erase(replica);
}

void SharePlaces::set(const std::string& replica, const std::string& filter, std::uint64_t members) {
  SharedFilter parts;
  if (!parse_shared(filter, parts)) return;
  std::unordered_map<std::string, std::uint64_t>& its = replicas_[replica].groups;
  std::unique_ptr<Group>& group = groups_[filter];
  if (!group) {
    group = std::make_unique<Group>();
    group->number = next_number_++;
    group->filter = filter;
    group->matched = parts.filter;
    by_number_[group->number] = group.get();
    tree_.add(group->matched, {group->number, 0});
  }
  group->total -= its[filter];
  group->total += members;
  if (members == 0) {
    its.erase(filter);
    group->members.erase(replica);
  } else {
    its[filter] = members;
    group->members[replica] = members;
  }
  if (group->total != 0) return;
  tree_.remove(group->matched, group->number);
  by_number_.erase(group->number);
  groups_.erase(filter);
}

void SharePlaces::forget(const std::string& replica) {
  const auto found = replicas_.find(replica);
  if (found == replicas_.end()) return;
  std::vector<std::string> filters;
  for (const auto& [filter, members] : found->second.groups) filters.push_back(filter);
  for (const std::string& filter : filters) set(replica, filter, 0);
  replicas_.erase(replica);
}

void SharePlaces::clear() {
  while (!replicas_.empty()) forget(std::string(replicas_.begin()->first));
}

const SharePlaces::Group* SharePlaces::find(const std::string& filter) const {
  const auto found = groups_.find(filter);
  return found == groups_.end() ? nullptr : found->second.get();
}

const std::string& SharePlaces::place(const Group& group, std::uint64_t n) {
  auto at = group.members.begin();
  for (; n >= at->second; ++at) n -= at->second;
  return at->first;
}

void SharePlaces::match(std::string_view name, std::vector<Group*>& out) const {
  if (groups_.empty()) return;
  matched_.clear();
  tree_.match(name, matched_);
  for (const FilterOwner& owner : matched_) out.push_back(by_number_.at(owner.id));
}

}  // namespace parley::mqtt
