#include "broker/core/mqtt/subscription_list.h"

#include <algorithm>

namespace parley::mqtt {

std::optional<std::uint32_t> SubscriptionList::find(const std::string& filter) const {
  if (by_filter_) {
    const auto found = by_filter_->find(filter);
    if (found == by_filter_->end()) return std::nullopt;
    return found->second;
  }
  for (std::uint32_t place = 0; place < places(); ++place) {
    if (places_[place].used() && places_[place].state.filter == filter) return place;
  }
  return std::nullopt;
}

std::uint32_t SubscriptionList::add(SubscriptionState state) {
  std::uint32_t place = places();
  if (count_ < places()) {
    const auto gap = std::find_if(places_.begin(), places_.end(), [](const Subscribed& one) { return !one.used(); });
    place = static_cast<std::uint32_t>(gap - places_.begin());
  } else {
    places_.emplace_back();
  }
  places_[place] = {std::move(state)};
  ++count_;
  if (by_filter_) {
    (*by_filter_)[places_[place].state.filter] = place;
  } else if (count_ > few_max) {
    by_filter_ = std::make_unique<std::unordered_map<std::string, std::uint32_t>>();
    for (std::uint32_t i = 0; i < places(); ++i) {
      if (places_[i].used()) (*by_filter_)[places_[i].state.filter] = i;
    }
  }
  return place;
}

void SubscriptionList::remove(std::uint32_t place) {
  if (by_filter_) by_filter_->erase(places_[place].state.filter);
  places_[place] = {};
  --count_;
}

}  // namespace parley::mqtt
