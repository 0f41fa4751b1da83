#pragma once

// The properties of MQTT 5 (§2.2.2), one struct for each packet that has its own set. A field that is not there was absent on the
// wire; the defaults of absent ones are in the standard's section named beside it. 3.1.1 has none of them.
//
// Texts and binary data are views into the bytes that were decoded (packets.h).

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "broker/protocol/mqtt/types.h"

namespace parley::mqtt {

// §2.2.2.2, Table 2-4.
enum class PropertyId : std::uint8_t {
  payload_format_indicator = 1,
  message_expiry_interval = 2,
  content_type = 3,
  response_topic = 8,
  correlation_data = 9,
  subscription_identifier = 11,
  session_expiry_interval = 17,
  assigned_client_identifier = 18,
  server_keep_alive = 19,
  authentication_method = 21,
  authentication_data = 22,
  request_problem_information = 23,
  will_delay_interval = 24,
  request_response_information = 25,
  response_information = 26,
  server_reference = 28,
  reason_string = 31,
  receive_maximum = 33,
  topic_alias_maximum = 34,
  topic_alias = 35,
  maximum_qos = 36,
  retain_available = 37,
  user_property = 38,
  maximum_packet_size = 39,
  wildcard_subscription_available = 40,
  subscription_identifier_available = 41,
  shared_subscription_available = 42,
};

struct UserProperty {
  std::string_view name;
  std::string_view value;
  friend bool operator==(const UserProperty&, const UserProperty&) = default;
};
using UserProperties = std::vector<UserProperty>;  // in the order of the wire; a name may come more than once
using Text = std::optional<std::string_view>;      // UTF-8 without U+0000
using Binary = std::optional<std::string_view>;    // any bytes

struct ConnectProperties {                                 // §3.1.2.11
  std::optional<std::uint32_t> session_expiry_interval_s;  // absent: 0; 0xFFFFFFFF: never
  std::optional<std::uint16_t> receive_maximum;            // not 0; absent: 65,535
  std::optional<std::uint32_t> maximum_packet_size;        // not 0; absent: no limit
  std::optional<std::uint16_t> topic_alias_maximum;        // absent: 0
  std::optional<bool> request_response_information;        // absent: false
  std::optional<bool> request_problem_information;         // absent: true
  Text authentication_method;
  Binary authentication_data;  // only with a method
  UserProperties user;
  friend bool operator==(const ConnectProperties&, const ConnectProperties&) = default;
};

struct WillProperties {                                // §3.1.3.2
  std::optional<std::uint32_t> will_delay_interval_s;  // absent: 0
  std::optional<bool> payload_is_utf8;                 // payload format indicator; absent: false
  std::optional<std::uint32_t> message_expiry_interval_s;
  Text content_type;
  Text response_topic;  // a topic name
  Binary correlation_data;
  UserProperties user;
  friend bool operator==(const WillProperties&, const WillProperties&) = default;
};

struct ConnackProperties {                                 // §3.2.2.3
  std::optional<std::uint32_t> session_expiry_interval_s;  // absent: as the client asked
  std::optional<std::uint16_t> receive_maximum;            // not 0; absent: 65,535
  std::optional<std::uint8_t> maximum_qos;                 // 0 or 1; absent: 2
  std::optional<bool> retain_available;                    // absent: true
  std::optional<std::uint32_t> maximum_packet_size;        // not 0; absent: no limit
  Text assigned_client_identifier;
  std::optional<std::uint16_t> topic_alias_maximum;  // absent: 0
  Text reason_string;
  std::optional<bool> wildcard_subscription_available;    // absent: true
  std::optional<bool> subscription_identifier_available;  // absent: true
  std::optional<bool> shared_subscription_available;      // absent: true
  std::optional<std::uint16_t> server_keep_alive_s;       // absent: as the client asked
  Text response_information;
  Text server_reference;
  Text authentication_method;
  Binary authentication_data;
  UserProperties user;
  friend bool operator==(const ConnackProperties&, const ConnackProperties&) = default;
};

struct PublishProperties {              // §3.3.2.3
  std::optional<bool> payload_is_utf8;  // payload format indicator; absent: false
  std::optional<std::uint32_t> message_expiry_interval_s;
  std::optional<std::uint16_t> topic_alias;  // not 0
  Text response_topic;                       // a topic name
  Binary correlation_data;
  std::vector<std::uint32_t> subscription_ids;  // from a server only; each 1 to 268,435,455
  Text content_type;
  UserProperties user;
  friend bool operator==(const PublishProperties&, const PublishProperties&) = default;
};

// PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK (§3.4.2.2 and alike).
struct AckProperties {
  Text reason_string;
  UserProperties user;
  friend bool operator==(const AckProperties&, const AckProperties&) = default;
};

struct SubscribeProperties {                     // §3.8.2.1
  std::optional<std::uint32_t> subscription_id;  // 1 to 268,435,455
  UserProperties user;
  friend bool operator==(const SubscribeProperties&, const SubscribeProperties&) = default;
};

struct UnsubscribeProperties {  // §3.10.2.1
  UserProperties user;
  friend bool operator==(const UnsubscribeProperties&, const UnsubscribeProperties&) = default;
};

struct DisconnectProperties {                              // §3.14.2.2
  std::optional<std::uint32_t> session_expiry_interval_s;  // from a client only
  Text reason_string;
  Text server_reference;  // from a server only
  UserProperties user;
  friend bool operator==(const DisconnectProperties&, const DisconnectProperties&) = default;
};

struct AuthProperties {  // §3.15.2.2
  Text authentication_method;
  Binary authentication_data;
  Text reason_string;
  UserProperties user;
  friend bool operator==(const AuthProperties&, const AuthProperties&) = default;
};

}  // namespace parley::mqtt
