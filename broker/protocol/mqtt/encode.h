#pragma once

// Packets to bytes (MQTT 5 §2, §3; MQTT 3.1.1 §2, §3). What decode() would refuse because of a value (a packet id of zero, a
// reason that the packet cannot have …) is the caller's duty; only what cannot be written at all is refused here.

#include <cstddef>
#include <cstdint>
#include <string>

#include "broker/base/frame.h"
#include "broker/protocol/mqtt/packets.h"

namespace parley::mqtt {

// What the other side said about what it takes.
struct Receiver {
  Version version = Version::v5;
  std::uint32_t packet_bytes_max = packet_bytes_most;  // Maximum Packet Size; nothing larger is sent [MQTT5-3.1.2-24]
  bool problem_information =
      true;  // false: reason strings and user properties only in PUBLISH, CONNACK, DISCONNECT [MQTT5-3.1.2-29]
};

// The packet's bytes, as a whole. Reason string and user properties of an acknowledgement, CONNACK, DISCONNECT or AUTH are left
// out where they would make it larger than the receiver takes ([MQTT5-3.2.2-19] and alike). Empty when there is nothing that may
// be sent: the packet is too large for the receiver; a text has more than 65,535 bytes; or 3.1.1 has no such packet or, in a
// CONNACK, no return code for the reason [MQTT3-3.2.2-6].
Frame encode(const Packet& packet, const Receiver& receiver);

// The same, appended. False, and nothing appended, where encode() is empty.
bool append(std::string& out, const Packet& packet, const Receiver& receiver);

}  // namespace parley::mqtt
