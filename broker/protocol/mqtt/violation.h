#pragma once

// How a peer broke the protocol, and what it is told before the connection is closed (MQTT 5 §4.13, MQTT 3.1.1 §4.8).

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/protocol/mqtt/reason.h"
#include "broker/protocol/mqtt/types.h"

namespace parley::mqtt {

// The packet that would carry the reason. None: the connection is closed without a word.
enum class Carrier : std::uint8_t { none, connack, disconnect };

struct Violation {
  Reason reason = Reason::malformed_packet;
  std::string_view text;  // for logs and the reason string; of static storage
  Carrier carrier = Carrier::none;
  Version version = Version::v5;  // in which the carrier is to be encoded
  friend bool operator==(const Violation&, const Violation&) = default;
};

// Appends what a server sends before it closes, nothing when the carrier is none. Until a CONNACK with success has left no
// DISCONNECT may [MQTT5-3.14.0-1]: give `connected` false and a CONNACK takes its place.
// `explain`: with the text as reason string.
void append_farewell(std::string& out, const Violation& violation, bool connected, bool explain = true);

}  // namespace parley::mqtt
