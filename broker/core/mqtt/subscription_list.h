#pragma once

// The subscriptions of one session, each at a place of its own that stays while it is there. Most sessions have one or two: those
// are looked through; only many have a table by filter.
//
// Threads: the session's.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/core/mqtt/state.h"

namespace parley::mqtt {

struct Subscribed {
  SubscriptionState state;
  // Otherwise the place is free: no filter is empty.
  bool used() const { return !state.filter.empty(); }
};
static_assert(sizeof(Subscribed) <= 40, "one for each connection at least");

class SubscriptionList {
 public:
  // Places, free ones among them.
  std::uint32_t places() const { return static_cast<std::uint32_t>(places_.size()); }
  // How many there are.
  std::size_t size() const { return count_; }
  const Subscribed& operator[](std::uint32_t place) const { return places_[place]; }
  std::optional<std::uint32_t> find(const std::string& filter) const;
  bool contains(const std::string& filter) const { return find(filter).has_value(); }

  // Its filter is not there yet.
  std::uint32_t add(SubscriptionState state);
  // With the same filter.
  void replace(std::uint32_t place, SubscriptionState state) { places_[place].state = std::move(state); }
  void remove(std::uint32_t place);

  // `f(const SubscriptionState&)` for each.
  template <typename F>
  void for_each(F f) const {
    for (const Subscribed& one : places_) {
      if (one.used()) f(one.state);
    }
  }

 private:
  static constexpr std::size_t few_max = 8;

  std::vector<Subscribed> places_;
  std::unique_ptr<std::unordered_map<std::string, std::uint32_t>> by_filter_;  // once there were more than a few
  std::uint32_t count_ = 0;
};

}  // namespace parley::mqtt
