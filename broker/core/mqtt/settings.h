#pragma once

// What MQTT clients may do, and what is counted about them.

#include <array>

#include "broker/base/time.h"
#include "broker/core/counters.h"
#include "broker/core/topic_filter.h"
#include "broker/protocol/mqtt/reason.h"
#include "broker/protocol/mqtt/types.h"

namespace parley::mqtt {

struct Settings {
  Limits packets;
  TopicLimits topics;
  unsigned subscriptions_max = 10'000;  // of one session
  std::uint16_t receive_max = 256;      // publishes of one client that are not acknowledged yet (MQTT 5 §3.2.2.3.3)
  std::uint16_t inflight_max = 256;     // messages under way to one client without its acknowledgement
  std::uint16_t topic_aliases = 256;    // of one connection, either way
  std::uint16_t keep_alive_max_s = 0;   // 0: any, and none at all
  std::uint32_t session_expiry_max_s = 2'592'000;
  MonoMs connect_timeout_ms = 10'000;
  MonoMs save_interval_ms = 250;         // of what is sent with QoS 1; 0: saved before it is sent
  std::size_t held_messages_max = 1024;  // QoS 0 messages kept for a session while it attaches to a room
  unsigned retained_page = 256;          // retained messages read at a time
  std::size_t run_bytes = 64U << 10U;    // joined into one write
};

// Why a message did not reach somebody, or a publish was not taken, where the protocol has no answer for it.
enum class Lost : unsigned char {
  congested,   // QoS 0, for a client that does not read fast enough
  held_full,   // QoS 0, while a session attached to a room
  too_large,   // over the client's Maximum Packet Size
  expired,     // its Message Expiry Interval had passed
  forbidden,   // a publish without the right to
  bad_topic,   // a publish to a topic that cannot be a room
  bad_format,  // a payload that is not what its format indicator says
  refused,     // a publish that was refused for another reason
  pruned,      // an entry that retention removed before a session behind it had it
  count,
};

struct Counters {
  Gauge clients;   // connected
  Gauge sessions;  // in this worker's memory
  Gauge subscriptions;
  Counter connects;
  Counter bytes_in;
  Counter bytes_out;
  Counter messages_in;   // PUBLISH
  Counter messages_out;  // PUBLISH
  Counter resent;        // PUBLISH with DUP
  Counter taken_over;
  Counter keep_alives_capped;
  Counter expiries_capped;              // session expiries above the longest that is allowed
  Counter window_full;                  // messages waited for an acknowledgement of the client
  std::array<Counter, 16> packets_in;   // by packet type
  std::array<Counter, 16> packets_out;  // by packet type
  std::array<Counter, 256> refused;     // CONNACK with an error, by reason
  std::array<Counter, 256> ended;       // connections that the server ended, by reason
  std::array<Counter, 256> denied;      // topic filters of SUBSCRIBE that were not granted, by reason
  std::array<Counter, static_cast<unsigned>(Lost::count)> lost;

  void lose(Lost why, std::uint64_t n = 1) { lost[static_cast<unsigned>(why)].add(n); }
  void sent(PacketType type, std::size_t bytes, unsigned packets = 1) {
    packets_out[static_cast<unsigned>(type)].add(packets);
    bytes_out.add(bytes);
  }
};

}  // namespace parley::mqtt
