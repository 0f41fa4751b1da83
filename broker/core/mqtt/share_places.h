#pragma once

// On which replicas share groups have members, and how many. Each replica says its own: what changed with the next tick, all of
// it when somebody asks, and once a second how many groups there are, by which a listener sees that it missed something. A
// replica that has been silent for a while has none.
//
// Only messages that are not kept need it; a mistake costs one of them (QoS 0), and it mends itself.
//
// Threads: the log's.

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/base/time.h"
#include "broker/base/unique_function.h"
#include "broker/core/subscription_tree.h"
#include "broker/protocol/envelope.h"

namespace parley::mqtt {

constexpr MonoMs places_said_ms = 1'000;    // how often a replica with groups says that it is there
constexpr MonoMs places_silent_ms = 3'500;  // after which its members are thought of no more

class SharePlaces {
 public:
  // A group that has members on other replicas.
  struct Group {
    SlotId number = 0;
    std::string filter;                            // the whole "$share/{group}/{filter}"
    std::string matched;                           // without the first two parts
    std::map<std::string, std::uint64_t> members;  // by replica; none is 0
    std::uint64_t total = 0;
    std::uint64_t turn = 0;  // for a group without members here
  };
  using Tell = UniqueFunction<void(envelope::Groups)>;
  using Ask = UniqueFunction<void()>;

  SharePlaces(HashKey key, Tell tell, Ask ask);

  // ---- this replica's own
  void set_own(const std::string& filter, std::uint64_t members);
  void tell_all();

  // ---- the others'
  void heard(const std::string& replica, const envelope::Groups& groups, MonoMs now);
  // Nobody is known any more.
  void clear();
  // Null: no members elsewhere.
  const Group* find(const std::string& filter) const;
  // The replica of the n-th member elsewhere; n < total.
  static const std::string& place(const Group& group, std::uint64_t n);
  // Appends the groups with members elsewhere whose filter matches.
  void match(std::string_view name, std::vector<Group*>& out) const;

  void tick(MonoMs now);

 private:
  struct Replica {
    std::unordered_map<std::string, std::uint64_t> groups;
    MonoMs heard = 0;
  };
  void set(const std::string& replica, const std::string& filter, std::uint64_t members);
  void forget(const std::string& replica);

  Tell tell_;
  Ask ask_;
  std::unordered_map<std::string, std::uint64_t> own_;
  std::unordered_map<std::string, std::uint64_t> changed_;  // not said yet
  MonoMs said_ = 0;
  MonoMs asked_ = 0;
  std::unordered_map<std::string, Replica> replicas_;
  std::unordered_map<std::string, std::unique_ptr<Group>> groups_;
  std::unordered_map<SlotId, Group*> by_number_;
  SlotId next_number_ = 1;
  SubscriptionTree tree_;
  mutable std::vector<FilterOwner> matched_;
};

}  // namespace parley::mqtt
