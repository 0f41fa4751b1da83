#pragma once

// MQTT packets as plain structs (MQTT 5 §3, MQTT 3.1.1 §3).
//
// Every std::string_view in them points into the bytes that the packet was decoded from, so that a payload is not copied on its
// way in: they are valid as long as those bytes are (PacketReader::next says how long), and a caller that keeps one copies it.
//
// One set of structs serves both versions. A 3.1.1 packet has empty properties; its return codes are given as the MQTT 5 reason
// that corresponds (reason.h), so that a session decides once.

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/protocol/mqtt/properties.h"
#include "broker/protocol/mqtt/reason.h"
#include "broker/protocol/mqtt/types.h"

namespace parley::mqtt {

struct Will {
  QoS qos = QoS::at_most_once;
  bool retain = false;
  std::string_view topic;  // a valid topic name
  std::string_view payload;
  WillProperties properties;
  friend bool operator==(const Will&, const Will&) = default;
};

struct Connect {  // §3.1
  Version version = Version::v5;
  bool clean_start = false;  // "clean session" in 3.1.1
  std::uint16_t keep_alive_s = 0;
  std::string_view client_id;  // may be empty; in 3.1.1 only with clean_start
  std::optional<Will> will;
  Text user_name;
  Binary password;  // without a user name in MQTT 5 only
  ConnectProperties properties;
  friend bool operator==(const Connect&, const Connect&) = default;
};

struct Connack {  // §3.2
  bool session_present = false;
  Reason reason = Reason::success;
  ConnackProperties properties;
  friend bool operator==(const Connack&, const Connack&) = default;
};

struct Publish {  // §3.3
  bool dup = false;
  QoS qos = QoS::at_most_once;
  bool retain = false;
  std::string_view topic;       // a valid topic name; empty only with a topic alias
  std::uint16_t packet_id = 0;  // 0 exactly with QoS 0
  PublishProperties properties;
  std::string_view payload;
  friend bool operator==(const Publish&, const Publish&) = default;
};

// What the four acknowledgements of §3.4 to §3.7 have in common. In 3.1.1 the reason is success.
struct Acknowledgement {
  std::uint16_t packet_id = 0;
  Reason reason = Reason::success;
  AckProperties properties;
  friend bool operator==(const Acknowledgement&, const Acknowledgement&) = default;
};
struct Puback : Acknowledgement {};
struct Pubrec : Acknowledgement {};
struct Pubrel : Acknowledgement {};
struct Pubcomp : Acknowledgement {};

struct Subscription {
  std::string_view filter;  // a valid topic filter; in MQTT 5 also where it begins with $share/
  QoS qos = QoS::at_most_once;
  bool no_local = false;  // this and the next two: MQTT 5
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::send;
  friend bool operator==(const Subscription&, const Subscription&) = default;
};

struct Subscribe {  // §3.8
  std::uint16_t packet_id = 0;
  SubscribeProperties properties;
  std::vector<Subscription> subscriptions;  // at least one
  friend bool operator==(const Subscribe&, const Subscribe&) = default;
};

struct Suback {  // §3.9
  std::uint16_t packet_id = 0;
  AckProperties properties;
  std::vector<Reason> reasons;  // one for each subscription; in 3.1.1 every error is 0x80
  friend bool operator==(const Suback&, const Suback&) = default;
};

struct Unsubscribe {  // §3.10
  std::uint16_t packet_id = 0;
  UnsubscribeProperties properties;
  std::vector<std::string_view> filters;  // at least one
  friend bool operator==(const Unsubscribe&, const Unsubscribe&) = default;
};

struct Unsuback {  // §3.11
  std::uint16_t packet_id = 0;
  AckProperties properties;
  std::vector<Reason> reasons;  // one for each filter; none in 3.1.1
  friend bool operator==(const Unsuback&, const Unsuback&) = default;
};

struct Pingreq {
  friend bool operator==(const Pingreq&, const Pingreq&) = default;
};
struct Pingresp {
  friend bool operator==(const Pingresp&, const Pingresp&) = default;
};

struct Disconnect {  // §3.14; in 3.1.1 from a client only, and empty
  Reason reason = Reason::success;
  DisconnectProperties properties;
  friend bool operator==(const Disconnect&, const Disconnect&) = default;
};

struct Auth {  // §3.15; MQTT 5
  Reason reason = Reason::success;
  AuthProperties properties;
  friend bool operator==(const Auth&, const Auth&) = default;
};

// In the order of PacketType, so that index() + 1 is the type.
using Packet = std::variant<Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp, Subscribe, Suback, Unsubscribe, Unsuback,
                            Pingreq, Pingresp, Disconnect, Auth>;

inline PacketType type_of(const Packet& packet) { return static_cast<PacketType>(packet.index() + 1); }

}  // namespace parley::mqtt
