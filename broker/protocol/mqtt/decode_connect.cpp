// CONNECT and CONNACK (MQTT 5 §3.1, §3.2).

#include "broker/protocol/mqtt/decode_parts.h"
#include "broker/protocol/mqtt/decode_properties.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

namespace {

// §3.1.2.3.
struct Flags {
  bool reserved, clean_start, will, will_retain, password, user_name;
  unsigned will_qos;
  explicit Flags(unsigned byte)
      : reserved((byte & 1U) != 0),
        clean_start((byte & 2U) != 0),
        will((byte & 4U) != 0),
        will_retain((byte & 0x20U) != 0),
        password((byte & 0x40U) != 0),
        user_name((byte & 0x80U) != 0),
        will_qos((byte >> 3U) & 3U) {}
};

// The level of a client that is answered in the form of 3.1.1: it is older, or has the high bit by which bridges mark themselves.
bool speaks_old(unsigned level) { return (level & 0x7fU) < 5; }

void read_protocol(Input& in, Connect& out) {
  const std::string_view name = in.text();
  const std::uint8_t level = in.byte();
  out.version = Version::v311;  // until it is known: this one is not answered
  if (!in.ok()) return;
  out.version = speaks_old(level) ? Version::v311 : Version::v5;
  const bool is_mqtt = name == "MQTT";
  if (!is_mqtt && name != "MQIsdp") {
    // A server may reveal itself or not; to something that is not MQTT it does not.
    out.version = Version::v311;
    return in.fail(Reason::protocol_error, "the protocol name is not MQTT");
  }
  if (!is_mqtt || (level != 4 && level != 5)) {
    in.fail(Reason::unsupported_protocol_version, "the protocol version is neither 3.1.1 nor 5.0");
  }
}

void check_flags(Input& in, const Flags& flags, Version version) {
  if (flags.reserved) in.malformed("the reserved connect flag is set");
  if (flags.will_qos == 3) in.malformed("the will's QoS is 3");
  if (!flags.will && (flags.will_qos != 0 || flags.will_retain)) in.malformed("there is no will, but it has QoS or retain");
  if (version == Version::v311 && flags.password && !flags.user_name) in.malformed("there is a password without a user name");
}

void read_will(Input& in, const Limits& limits, const Flags& flags, Connect& out) {
  Will& will = out.will.emplace();
  will.qos = static_cast<QoS>(flags.will_qos);
  will.retain = flags.will_retain;
  if (out.version == Version::v5) read_properties(in, limits, will.properties);
  will.topic = in.text();
  will.payload = in.binary();
  if (in.ok() && !is_topic_name(will.topic)) in.fail(Reason::topic_name_invalid, "the will's topic is empty or has a wildcard");
}

void check_client_id(Input& in, const Limits& limits, const Connect& connect) {
  if (connect.client_id.size() > limits.client_id_bytes_max) {
    in.fail(Reason::client_identifier_not_valid, "the client identifier is too long");
  } else if (connect.version == Version::v311 && connect.client_id.empty() && !connect.clean_start) {
    in.fail(Reason::client_identifier_not_valid, "an empty client identifier needs a clean session");
  }
}

}  // namespace

void decode_connect(Input& in, const Limits& limits, Connect& out) {
  read_protocol(in, out);
  const Flags flags(in.byte());
  if (in.ok()) check_flags(in, flags, out.version);
  out.clean_start = flags.clean_start;
  out.keep_alive_s = in.two();
  if (out.version == Version::v5) read_properties(in, limits, out.properties);
  out.client_id = in.text();
  if (in.ok() && flags.will) read_will(in, limits, flags, out);
  if (flags.user_name) out.user_name = in.text();
  if (flags.password) out.password = in.binary();
  in.expect_end();
  if (!in.ok()) return;
  if (out.properties.authentication_data && !out.properties.authentication_method) {
    return in.fail(Reason::protocol_error, "there is authentication data without a method");
  }
  check_client_id(in, limits, out);
}

void decode_connack(Input& in, const DecodeContext& context, Connack& out) {
  const std::uint8_t flags = in.byte();
  if (flags > 1) in.malformed("a reserved connect acknowledge flag is set");
  out.session_present = flags == 1;
  if (context.v5()) {
    out.reason = read_reason(in, PacketType::connack, Sender::server);
    read_properties(in, context.limits, out.properties);
  } else {
    const std::optional<Reason> reason = reason_of_return_code(in.byte());
    if (!reason) return in.fail(Reason::protocol_error, "a return code is reserved");
    out.reason = *reason;
  }
  in.expect_end();
  if (in.ok() && out.session_present && out.reason != Reason::success) {
    in.fail(Reason::protocol_error, "a session is present in a refusal");
  }
}

}  // namespace parley::mqtt
