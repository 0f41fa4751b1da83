#include "broker/core/interest.h"

#include <algorithm>

namespace parley {

void Interest::add(FollowerId follower, const std::string& filter) {
  if (counts_.size() <= follower) counts_.resize(follower + 1);
  if (++counts_[follower][filter] > 1) return;
  tree_.add(filter, {SlotId{follower} + 1, 0});
  ++generation_;
}

void Interest::remove(FollowerId follower, const std::string& filter) {
  if (counts_.size() <= follower) return;
  const auto found = counts_[follower].find(filter);
  if (found == counts_[follower].end() || --found->second > 0) return;
  counts_[follower].erase(found);
  tree_.remove(filter, SlotId{follower} + 1);
  ++generation_;
}

void Interest::remove_all(FollowerId follower) {
  if (counts_.size() <= follower) return;
  for (const auto& [filter, count] : counts_[follower]) tree_.remove(filter, SlotId{follower} + 1);
  counts_[follower].clear();
  ++generation_;
}

void Interest::match(std::string_view name, std::vector<FollowerId>& out) const {
  out.clear();
  matched_.clear();
  tree_.match(name, matched_);
  for (const FilterOwner& subscriber : matched_) {
    const auto follower = static_cast<FollowerId>(subscriber.id - 1);
    if (std::find(out.begin(), out.end(), follower) == out.end()) out.push_back(follower);
  }
}

}  // namespace parley
