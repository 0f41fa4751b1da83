#pragma once

// The topic aliases that one connection's peer has set (MQTT 5 §3.3.2.3.4). They end with the connection [MQTT5-3.3.2-7].

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>

#include "broker/protocol/mqtt/packets.h"
#include "broker/protocol/mqtt/violation.h"

namespace parley::mqtt {

class TopicAliases {
 public:
  // `maximum` is the Topic Alias Maximum that the peer was told; 0: none. Memory is bounded by it.
  explicit TopicAliases(std::uint16_t maximum) : maximum_(maximum) {}

  // Gives a decoded PUBLISH its topic: sets the alias where both are there, fills in the topic where only the alias is. The topic
  // is then a view into this object, valid until the next call. A violation: an alias above the maximum, or one that was not set.
  std::optional<Violation> resolve(Publish& publish);

 private:
  std::uint16_t maximum_;
  std::unordered_map<std::uint16_t, std::string> topics_;
};

}  // namespace parley::mqtt
