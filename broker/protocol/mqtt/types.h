#pragma once

// Words that the whole MQTT codec shares. "MQTT 5 §x" is the OASIS standard of 7 March 2019, "MQTT 3.1.1 §x" that of 29 October
// 2014.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace parley::mqtt {

// The protocol level of CONNECT (MQTT 5 §3.1.2.2).
enum class Version : std::uint8_t { v311 = 4, v5 = 5 };

// Who sent the bytes: some packets, reason codes and properties are allowed in one direction only.
enum class Sender : std::uint8_t { client, server };

// MQTT 5 §2.1.2. 3.1.1 has no AUTH.
enum class PacketType : std::uint8_t {
  connect = 1,
  connack = 2,
  publish = 3,
  puback = 4,
  pubrec = 5,
  pubrel = 6,
  pubcomp = 7,
  subscribe = 8,
  suback = 9,
  unsubscribe = 10,
  unsuback = 11,
  pingreq = 12,
  pingresp = 13,
  disconnect = 14,
  auth = 15,
};
std::string_view to_string(PacketType type);

// MQTT 5 §4.3.
enum class QoS : std::uint8_t { at_most_once = 0, at_least_once = 1, exactly_once = 2 };

// When SUBSCRIBE brings the retained messages (MQTT 5 §3.8.3.1).
enum class RetainHandling : std::uint8_t { send = 0, send_if_new = 1, do_not_send = 2 };

constexpr std::uint32_t variable_max = 268'435'455;            // of a Variable Byte Integer (MQTT 5 §1.5.5)
constexpr std::uint32_t packet_bytes_most = variable_max + 5;  // no packet can be larger, fixed header and all
constexpr std::size_t text_bytes_max = 65'535;                 // of a string or of binary data (MQTT 5 §1.5.4, §1.5.6)

// Limits of what is taken from a peer. Going over one is a Violation, which the connection counts by its reason.
struct Limits {
  std::uint32_t packet_bytes_max = 1U << 20U;     // fixed header and all (MQTT 5 §3.2.2.3.6); over it: packet_too_large
  std::uint32_t connect_bytes_max = 256U << 10U;  // of a CONNECT, which comes before anybody is known; over it: packet_too_large
  std::size_t client_id_bytes_max = 1024;         // over it: client_identifier_not_valid
  std::size_t filters_max = 8192;                 // in one SUBSCRIBE or UNSUBSCRIBE; over it: quota_exceeded
  std::size_t user_properties_max = 1024;         // in one list of properties; over it: quota_exceeded
};

}  // namespace parley::mqtt
