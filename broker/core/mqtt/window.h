#pragma once

// The messages under way to one client (MQTT 5 §4.3, §4.6, §4.9): packet identifiers, the order of sending, and what each waits
// for. Bounded by the client's Receive Maximum and the server's own limit.

#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "broker/core/mqtt/state.h"

namespace parley::mqtt {

class Window {
 public:
  // Takes over what a session had under way.
  void restore(std::vector<InFlight> messages, std::uint16_t next_packet_id);
  // For a new connection.
  void set_limit(unsigned limit) { limit_ = limit; }
  unsigned limit() const { return limit_; }

  unsigned free() const { return messages_.size() >= limit_ ? 0 : limit_ - static_cast<unsigned>(messages_.size()); }
  std::size_t size() const { return messages_.size(); }

  // Gives the message a packet id that is not in use, from 1 on [MQTT-2.2.1-3] [MQTT-2.2.1-4].
  InFlight& add(InFlight message);
  InFlight* find(std::uint16_t packet_id);
  void remove(std::uint16_t packet_id);

  // In the order of sending.
  std::list<InFlight>& messages() { return messages_; }
  const std::list<InFlight>& messages() const { return messages_; }
  std::vector<InFlight> copy() const { return {messages_.begin(), messages_.end()}; }
  std::uint16_t next_packet_id() const { return next_; }

 private:
  std::list<InFlight> messages_;
  std::unordered_map<std::uint16_t, std::list<InFlight>::iterator> by_id_;
  std::uint16_t next_ = 1;
  unsigned limit_ = 0;
};

}  // namespace parley::mqtt
