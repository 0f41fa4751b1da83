#include "broker/protocol/mqtt/reason.h"

#include <algorithm>
#include <array>
#include <initializer_list>

namespace parley::mqtt {

namespace {

struct Row {
  Reason reason;
  std::string_view name;
};

constexpr std::array names = {
    Row{Reason::success, "success"},
    Row{Reason::granted_qos_1, "granted QoS 1"},
    Row{Reason::granted_qos_2, "granted QoS 2"},
    Row{Reason::disconnect_with_will, "disconnect with will message"},
    Row{Reason::no_matching_subscribers, "no matching subscribers"},
    Row{Reason::no_subscription_existed, "no subscription existed"},
    Row{Reason::continue_authentication, "continue authentication"},
    Row{Reason::re_authenticate, "re-authenticate"},
    Row{Reason::unspecified_error, "unspecified error"},
    Row{Reason::malformed_packet, "malformed packet"},
    Row{Reason::protocol_error, "protocol error"},
    Row{Reason::implementation_specific_error, "implementation specific error"},
    Row{Reason::unsupported_protocol_version, "unsupported protocol version"},
    Row{Reason::client_identifier_not_valid, "client identifier not valid"},
    Row{Reason::bad_user_name_or_password, "bad user name or password"},
    Row{Reason::not_authorized, "not authorized"},
    Row{Reason::server_unavailable, "server unavailable"},
    Row{Reason::server_busy, "server busy"},
    Row{Reason::banned, "banned"},
    Row{Reason::server_shutting_down, "server shutting down"},
    Row{Reason::bad_authentication_method, "bad authentication method"},
    Row{Reason::keep_alive_timeout, "keep alive timeout"},
    Row{Reason::session_taken_over, "session taken over"},
    Row{Reason::topic_filter_invalid, "topic filter invalid"},
    Row{Reason::topic_name_invalid, "topic name invalid"},
    Row{Reason::packet_identifier_in_use, "packet identifier in use"},
    Row{Reason::packet_identifier_not_found, "packet identifier not found"},
    Row{Reason::receive_maximum_exceeded, "receive maximum exceeded"},
    Row{Reason::topic_alias_invalid, "topic alias invalid"},
    Row{Reason::packet_too_large, "packet too large"},
    Row{Reason::message_rate_too_high, "message rate too high"},
    Row{Reason::quota_exceeded, "quota exceeded"},
    Row{Reason::administrative_action, "administrative action"},
    Row{Reason::payload_format_invalid, "payload format invalid"},
    Row{Reason::retain_not_supported, "retain not supported"},
    Row{Reason::qos_not_supported, "QoS not supported"},
    Row{Reason::use_another_server, "use another server"},
    Row{Reason::server_moved, "server moved"},
    Row{Reason::shared_subscriptions_not_supported, "shared subscriptions not supported"},
    Row{Reason::connection_rate_exceeded, "connection rate exceeded"},
    Row{Reason::maximum_connect_time, "maximum connect time"},
    Row{Reason::subscription_identifiers_not_supported, "subscription identifiers not supported"},
    Row{Reason::wildcard_subscriptions_not_supported, "wildcard subscriptions not supported"},
};

bool one_of(Reason reason, std::initializer_list<std::uint8_t> codes) {
  return std::find(codes.begin(), codes.end(), static_cast<std::uint8_t>(reason)) != codes.end();
}

// Table 3-10 of MQTT 5 has a column for the sender. 0x8C is missing there, but Table 2-6 has it in DISCONNECT.
bool is_allowed_in_disconnect(Reason reason, Sender sender) {
  if (one_of(reason, {0x00, 0x80, 0x81, 0x82, 0x83, 0x90, 0x93, 0x94, 0x95, 0x96, 0x97, 0x98, 0x99})) return true;
  if (sender == Sender::client) return reason == Reason::disconnect_with_will;
  return one_of(reason, {0x87, 0x89, 0x8b, 0x8c, 0x8d, 0x8e, 0x8f, 0x9a, 0x9b, 0x9c, 0x9d, 0x9e, 0x9f, 0xa0, 0xa1, 0xa2});
}

}  // namespace

std::string_view to_string(Reason reason) {
  const auto* row = std::find_if(names.begin(), names.end(), [&](const Row& r) { return r.reason == reason; });
  return row == names.end() ? "unknown" : row->name;
}

bool is_allowed(Reason reason, PacketType packet, Sender sender) {
  switch (packet) {
    case PacketType::connack:
      return one_of(reason, {0x00, 0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x89,
                             0x8a, 0x8c, 0x90, 0x95, 0x97, 0x99, 0x9a, 0x9b, 0x9c, 0x9d, 0x9f});
    case PacketType::puback:
    case PacketType::pubrec:
      return one_of(reason, {0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x97, 0x99});
    case PacketType::pubrel:
    case PacketType::pubcomp:
      return one_of(reason, {0x00, 0x92});
    case PacketType::suback:
      return one_of(reason, {0x00, 0x01, 0x02, 0x80, 0x83, 0x87, 0x8f, 0x91, 0x97, 0x9e, 0xa1, 0xa2});
    case PacketType::unsuback:
      return one_of(reason, {0x00, 0x11, 0x80, 0x83, 0x87, 0x8f, 0x91});
    case PacketType::disconnect:
      return is_allowed_in_disconnect(reason, sender);
    case PacketType::auth:
      return reason == Reason::continue_authentication ||
             reason == (sender == Sender::client ? Reason::re_authenticate : Reason::success);
    default:
      return false;
  }
}

std::optional<std::uint8_t> connect_return_code(Reason reason) {
  switch (reason) {
    case Reason::success:
      return 0;
    case Reason::unsupported_protocol_version:
      return 1;
    case Reason::client_identifier_not_valid:
      return 2;
    case Reason::server_unavailable:
    case Reason::server_busy:
    case Reason::quota_exceeded:
    case Reason::use_another_server:
    case Reason::server_moved:
    case Reason::connection_rate_exceeded:
      return 3;
    case Reason::bad_user_name_or_password:
      return 4;
    case Reason::not_authorized:
    case Reason::banned:
      return 5;
    default:
      return std::nullopt;
  }
}

std::optional<Reason> reason_of_return_code(std::uint8_t code) {
  constexpr std::array reasons = {Reason::success,
                                  Reason::unsupported_protocol_version,
                                  Reason::client_identifier_not_valid,
                                  Reason::server_unavailable,
                                  Reason::bad_user_name_or_password,
                                  Reason::not_authorized};
  if (code >= reasons.size()) return std::nullopt;
  return reasons[code];
}

}  // namespace parley::mqtt
