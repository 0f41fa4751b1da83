#include "broker/core/mqtt/window.h"

namespace parley::mqtt {

Window::UnderWay& Window::under_way() {
  if (!under_way_) under_way_ = std::make_unique<UnderWay>();
  return *under_way_;
}

void Window::restore(std::vector<InFlight> messages, std::uint16_t next_packet_id) {
  next_ = next_packet_id;
  if (messages.empty()) return;
  UnderWay& now = under_way();
  for (InFlight& message : messages) {
    now.messages.push_back(std::move(message));
    now.by_id[now.messages.back().packet_id] = std::prev(now.messages.end());
  }
}

InFlight& Window::add(InFlight message) {
  UnderWay& now = under_way();
  // There are fewer under way than identifiers: limits are at most 65,535, and the caller asked free().
  while (next_ == 0 || now.by_id.contains(next_)) ++next_;
  message.packet_id = next_++;
  if (next_ == 0) next_ = 1;
  now.messages.push_back(std::move(message));
  now.by_id[now.messages.back().packet_id] = std::prev(now.messages.end());
  return now.messages.back();
}

InFlight* Window::find(std::uint16_t packet_id) {
  if (!under_way_) return nullptr;
  const auto found = under_way_->by_id.find(packet_id);
  return found == under_way_->by_id.end() ? nullptr : &*found->second;
}

void Window::remove(std::uint16_t packet_id) {
  if (!under_way_) return;
  const auto found = under_way_->by_id.find(packet_id);
  if (found == under_way_->by_id.end()) return;
  under_way_->messages.erase(found->second);
  under_way_->by_id.erase(found);
}

const std::list<InFlight>& Window::messages() const {
  static const std::list<InFlight> none;
  return under_way_ ? under_way_->messages : none;
}

}  // namespace parley::mqtt
