#pragma once

// Which followers of the log want the rooms of which names, by MQTT topic filters. One subscription tree for all; a filter is
// in it once per follower, however many of its sessions have it.
//
// Threads: the log's.

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/core/follower.h"
#include "broker/core/subscription_tree.h"

namespace parley {

class Interest {
 public:
  explicit Interest(HashKey key) : tree_(key) {}

  void add(FollowerId follower, const std::string& filter);
  // Does nothing when it was not there.
  void remove(FollowerId follower, const std::string& filter);
  void remove_all(FollowerId follower);
  bool empty() const { return tree_.size() == 0; }
  // Those with a filter that matches, each once.
  void match(std::string_view name, std::vector<FollowerId>& out) const;
  // Changes whenever a match may have another answer than before. Never 0.
  std::uint64_t generation() const { return generation_; }

 private:
  SubscriptionTree tree_;
  std::vector<std::unordered_map<std::string, unsigned>> counts_;  // by follower
  std::uint64_t generation_ = 1;
  mutable std::vector<FilterOwner> matched_;
};

}  // namespace parley
