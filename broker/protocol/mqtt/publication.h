#pragma once

// What an entry keeps of the PUBLISH that it came with (Entry::properties), so that a subscriber gets exactly what was sent: QoS
// and RETAIN, the publisher's client identifier (for No Local), and the properties that travel along (MQTT 5 §3.3.2.3).
//
// The format is stored: one byte of format, one of QoS and RETAIN, the client identifier as a string (MQTT 5 §1.5.4), a list of
// properties (§2.2.2).

#include <optional>
#include <string>
#include <string_view>

#include "broker/protocol/mqtt/packets.h"

namespace parley::mqtt {

struct Publication {
  QoS qos = QoS::at_most_once;
  bool retain = false;
  std::string_view client_id;
  PublishProperties properties;  // without topic alias and subscription identifiers
};

// Never empty. A client identifier has at most 65,535 bytes.
std::string encode_publication(const Publication& publication);
// Views into the bytes. Nothing: they are not of this format.
std::optional<Publication> decode_publication(std::string_view bytes);

}  // namespace parley::mqtt
