#pragma once

// Bytes to packets (MQTT 5 §2, §3; MQTT 3.1.1 §2, §3). Strict: what the standard does not allow is a Violation, never a packet.

#include <cstdint>
#include <optional>
#include <string_view>

#include "broker/protocol/mqtt/packets.h"
#include "broker/protocol/mqtt/violation.h"

namespace parley::mqtt {

// What is known of the connection that the bytes come from.
struct Connection {
  Version version = Version::v5;  // ignored by CONNECT, which says its own
  Sender sender = Sender::client;
};

// Whether a packet may begin with that byte: its type exists, this side may send it, and its flags are right [MQTT5-2.1.3-1]
// [MQTT3-2.2.2-1]. PUBLISH with QoS 3, or with DUP and QoS 0, is refused here too. Nothing: it may.
std::optional<Violation> check_first_byte(std::uint8_t byte, Connection connection);

// One whole packet: the first byte, and all that the Remaining Length counts. The packet is written to `out`, with views into
// `body`; after a violation `out` holds a part of it. The remaining rules about lengths, the order of packets and the size of
// packets are PacketReader's.
std::optional<Violation> decode(std::uint8_t first_byte, std::string_view body, Connection connection, const Limits& limits,
                                Packet& out);

// A payload whose format indicator says UTF-8 must be it (MQTT 5 §3.3.2.3.2); the answer to another one is
// Reason::payload_format_invalid. True where nothing is claimed. The codec leaves this to the session, since it is allowed to
// skip it.
bool payload_format_holds(const std::optional<bool>& payload_is_utf8, std::string_view payload);

}  // namespace parley::mqtt
