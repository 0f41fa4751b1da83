#include "broker/protocol/mqtt/decode.h"

#include "broker/base/utf8.h"
#include "broker/protocol/mqtt/decode_parts.h"
#include "broker/protocol/mqtt/decode_properties.h"

namespace parley::mqtt {

namespace {

// MQTT 5 has a packet for every reason. In 3.1.1 only a CONNECT can be answered, and only with the return codes of its own: a
// CONNECT that does not conform is not [MQTT3-3.1.4-1].
Carrier carrier_of(PacketType packet, Reason reason, Connection connection) {
  const bool v5 = connection.version == Version::v5;
  if (packet == PacketType::connect)
    return v5 || connect_return_code(reason) == 1 || connect_return_code(reason) == 2 ? Carrier::connack : Carrier::none;
  return v5 && (packet != PacketType::connack || connection.sender == Sender::client) ? Carrier::disconnect : Carrier::none;
}

std::optional<Violation> violation_of(const Failure& failure, PacketType packet, Connection connection) {
  if (failure.reason == Reason::success) return std::nullopt;
  return Violation{failure.reason, failure.text, carrier_of(packet, failure.reason, connection), connection.version};
}

bool may_send(PacketType type, Connection connection) {
  const bool from_client = connection.sender == Sender::client;
  switch (type) {
    case PacketType::connect:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
      return from_client;
    case PacketType::connack:
    case PacketType::suback:
    case PacketType::unsuback:
    case PacketType::pingresp:
      return !from_client;
    case PacketType::disconnect:
      return from_client || connection.version == Version::v5;
    case PacketType::auth:
      return connection.version == Version::v5;
    default:
      return true;
  }
}

std::optional<Failure> check_flags(PacketType type, unsigned flags) {
  if (type == PacketType::publish) {
    const unsigned qos = (flags >> 1U) & 3U;
    if (qos == 3) return Failure{Reason::malformed_packet, "the QoS of a PUBLISH is 3"};
    if (qos == 0 && (flags & 8U) != 0) return Failure{Reason::malformed_packet, "DUP is set in a PUBLISH with QoS 0"};
    return std::nullopt;
  }
  const bool one = type == PacketType::pubrel || type == PacketType::subscribe || type == PacketType::unsubscribe;
  if (flags != (one ? 2U : 0U)) return Failure{Reason::malformed_packet, "the flags of the fixed header are wrong"};
  return std::nullopt;
}

void decode_body(Input& in, const DecodeContext& context, std::uint8_t first_byte, Packet& out) {
  const auto type = static_cast<PacketType>(first_byte >> 4U);
  switch (type) {
    case PacketType::connect:
      return decode_connect(in, context.limits, out.emplace<Connect>());
    case PacketType::connack:
      return decode_connack(in, context, out.emplace<Connack>());
    case PacketType::publish:
      return decode_publish(in, context, first_byte & 0xfU, out.emplace<Publish>());
    case PacketType::puback:
      return decode_acknowledgement(in, context, type, out.emplace<Puback>());
    case PacketType::pubrec:
      return decode_acknowledgement(in, context, type, out.emplace<Pubrec>());
    case PacketType::pubrel:
      return decode_acknowledgement(in, context, type, out.emplace<Pubrel>());
    case PacketType::pubcomp:
      return decode_acknowledgement(in, context, type, out.emplace<Pubcomp>());
    case PacketType::subscribe:
      return decode_subscribe(in, context, out.emplace<Subscribe>());
    case PacketType::suback:
      return decode_suback(in, context, out.emplace<Suback>());
    case PacketType::unsubscribe:
      return decode_unsubscribe(in, context, out.emplace<Unsubscribe>());
    case PacketType::unsuback:
      return decode_unsuback(in, context, out.emplace<Unsuback>());
    case PacketType::pingreq:
      out.emplace<Pingreq>();
      return in.expect_end();
    case PacketType::pingresp:
      out.emplace<Pingresp>();
      return in.expect_end();
    case PacketType::disconnect:
      return decode_disconnect(in, context, out.emplace<Disconnect>());
    case PacketType::auth:
      return decode_auth(in, context, out.emplace<Auth>());
  }
}

}  // namespace

std::string_view to_string(PacketType type) {
  constexpr std::string_view names[] = {"reserved", "CONNECT",  "CONNACK",    "PUBLISH", "PUBACK",      "PUBREC",
                                        "PUBREL",   "PUBCOMP",  "SUBSCRIBE",  "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
                                        "PINGREQ",  "PINGRESP", "DISCONNECT", "AUTH"};
  return names[static_cast<unsigned>(type) & 0xfU];
}

Reason read_reason(Input& in, PacketType packet, Sender sender) {
  const auto reason = static_cast<Reason>(in.byte());
  if (in.ok() && !is_allowed(reason, packet, sender)) {
    in.fail(Reason::protocol_error, "a reason code that this packet cannot have");
  }
  return reason;
}

void decode_disconnect(Input& in, const DecodeContext& context, Disconnect& out) {
  if (context.v5() && !in.empty()) {  // an empty one is a normal disconnection (§3.14.2.1)
    out.reason = read_reason(in, PacketType::disconnect, context.connection.sender);
    if (!in.empty()) read_properties(in, context.limits, out.properties);
    if (!context.from_client() && out.properties.session_expiry_interval_s) {
      in.fail(Reason::protocol_error, "a server's DISCONNECT has a session expiry interval");
    }
    if (context.from_client() && out.properties.server_reference) {
      in.fail(Reason::protocol_error, "a client's DISCONNECT has a server reference");
    }
  }
  in.expect_end();
}

void decode_auth(Input& in, const DecodeContext& context, Auth& out) {
  if (in.empty()) {  // success without properties (§3.15.2.1), which only a server says
    if (context.from_client()) in.fail(Reason::protocol_error, "a client's AUTH says success");
    return;
  }
  out.reason = read_reason(in, PacketType::auth, context.connection.sender);
  read_properties(in, context.limits, out.properties);
  in.expect_end();
  if (in.ok() && !out.properties.authentication_method) in.fail(Reason::protocol_error, "an AUTH names no method");
}

std::optional<Violation> check_first_byte(std::uint8_t byte, Connection connection) {
  const auto type = static_cast<PacketType>(byte >> 4U);
  Failure failure;
  if (byte >> 4U == 0) {
    failure = {Reason::malformed_packet, "there is no packet of type 0"};
  } else if (!may_send(type, connection)) {
    failure = {Reason::protocol_error, "a packet that this side does not send"};
  } else if (const std::optional<Failure> found = check_flags(type, byte & 0xfU)) {
    failure = *found;
  }
  return violation_of(failure, type, connection);
}

std::optional<Violation> decode(std::uint8_t first_byte, std::string_view body, Connection connection, const Limits& limits,
                                Packet& out) {
  if (std::optional<Violation> violation = check_first_byte(first_byte, connection)) return violation;
  Input in(body);
  decode_body(in, DecodeContext{connection, limits}, first_byte, out);
  if (in.ok()) return std::nullopt;
  if (const auto* connect = std::get_if<Connect>(&out)) connection.version = connect->version;
  return violation_of(in.failure(), static_cast<PacketType>(first_byte >> 4U), connection);
}

bool payload_format_holds(const std::optional<bool>& payload_is_utf8, std::string_view payload) {
  return !payload_is_utf8.value_or(false) || is_utf8(payload);
}

}  // namespace parley::mqtt
