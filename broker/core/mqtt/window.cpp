#include "broker/core/mqtt/window.h"

namespace parley::mqtt {

void Window::restore(std::vector<InFlight> messages, std::uint16_t next_packet_id) {
  next_ = next_packet_id;
  for (InFlight& message : messages) {
    messages_.push_back(std::move(message));
    by_id_[messages_.back().packet_id] = std::prev(messages_.end());
  }
}

InFlight& Window::add(InFlight message) {
  // There are fewer under way than identifiers: limits are at most 65,535, and the caller asked free().
  while (next_ == 0 || by_id_.contains(next_)) ++next_;
  message.packet_id = next_++;
  if (next_ == 0) next_ = 1;
  messages_.push_back(std::move(message));
  by_id_[messages_.back().packet_id] = std::prev(messages_.end());
  return messages_.back();
}

InFlight* Window::find(std::uint16_t packet_id) {
  const auto found = by_id_.find(packet_id);
  return found == by_id_.end() ? nullptr : &*found->second;
}

void Window::remove(std::uint16_t packet_id) {
  const auto found = by_id_.find(packet_id);
  if (found == by_id_.end()) return;
  messages_.erase(found->second);
  by_id_.erase(found);
}

}  // namespace parley::mqtt
