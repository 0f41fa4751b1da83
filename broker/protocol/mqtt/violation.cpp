#include "broker/protocol/mqtt/violation.h"

#include "broker/protocol/mqtt/encode.h"

namespace parley::mqtt {

void append_farewell(std::string& out, const Violation& violation, bool connected, bool explain) {
  const Receiver receiver{violation.version, packet_bytes_most, true};
  if (violation.carrier == Carrier::none) return;
  if (violation.carrier == Carrier::disconnect && connected) {
    Disconnect disconnect;
    disconnect.reason = violation.reason;
    if (explain) disconnect.properties.reason_string = violation.text;
    append(out, disconnect, receiver);
    return;
  }
  Connack connack;
  connack.reason = violation.reason;
  if (violation.version == Version::v5) {
    // A few reasons of DISCONNECT are none of CONNACK.
    if (!is_allowed(violation.reason, PacketType::connack, Sender::server)) connack.reason = Reason::protocol_error;
    if (explain) connack.properties.reason_string = violation.text;
  }
  append(out, connack, receiver);
}

}  // namespace parley::mqtt
