#pragma once

// A publication encoded once for all its receivers (MQTT 5 §3.3, MQTT 3.1.1 §3.3).
//
//   | first byte, remaining length | topic | packet id | expiry, alias, subscription ids | other properties, payload |
//   '------------------------- head: of one receiver ------------------------------------'------ tail: of all --------'
//
// The tail is one Frame for every receiver of the same version, whatever QoS, RETAIN, DUP, topic alias or subscription
// identifiers it is owed. A head is a copy of the topic and a few bytes; receivers whose heads differ in the packet id alone can
// share it too: copy it and put the id in (put_packet_id).
//
// Threads: that of the tail's Frame.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "broker/base/frame.h"
#include "broker/protocol/mqtt/packets.h"

namespace parley::mqtt {

// What differs between receivers. The last four are of MQTT 5 and ignored for 3.1.1.
struct PublishTo {
  QoS qos = QoS::at_most_once;
  bool dup = false;  // only with QoS > 0 [MQTT5-3.3.1-2]
  bool retain = false;
  std::uint16_t packet_id = 0;                                  // not 0 with QoS > 0
  std::span<const std::uint32_t> subscription_ids = {};         // of all subscriptions that match [MQTT5-3.3.4-4]
  std::optional<std::uint32_t> message_expiry_interval_s = {};  // what is left of it [MQTT5-3.3.2-6]
  std::optional<std::uint16_t> topic_alias = {};                // not 0, at most the receiver's maximum [MQTT5-3.1.2-26]
  bool topic_by_alias = false;                                  // the receiver knows the alias: the topic stays away
};

class SharedPublish {
 public:
  // Of `properties` the payload format, response topic, correlation data, content type and user properties go out unaltered and
  // in their order [MQTT5-3.3.2-4] [MQTT5-3.3.2-17] [MQTT5-3.3.2-18]; the others are each receiver's. In 3.1.1 there are none.
  // Texts have at most 65,535 bytes, as decode() made sure.
  SharedPublish(Version version, std::string_view topic, const PublishProperties& properties, std::string_view payload);

  // Bytes of the whole packet for that receiver: to be compared with its Maximum Packet Size before anything is sent
  // [MQTT5-3.1.2-24]. More than packet_bytes_most: it cannot be sent to anybody.
  std::size_t size(const PublishTo& to) const;

  // Appends the head and returns where in `out` its packet id is, 0 when it has none (QoS 0). The tail is to follow.
  std::size_t append_head(std::string& out, const PublishTo& to) const;
  const Frame& tail() const { return tail_; }
  // Appends both.
  void append(std::string& out, const PublishTo& to) const {
    append_head(out, to);
    out += tail_.bytes();
  }

 private:
  struct Sizes {
    std::size_t properties = 0;  // without their length
    std::size_t body = 0;
  };
  Sizes sizes(const PublishTo& to) const;

  Version version_;
  std::uint32_t tail_properties_;  // bytes of them at the tail's beginning
  std::string topic_;
  Frame tail_;
};

// Puts another id into a head, or a whole packet, whose packet id is at `position`.
inline void put_packet_id(std::string& out, std::size_t position, std::uint16_t packet_id) {
  out[position] = static_cast<char>(packet_id >> 8U);
  out[position + 1] = static_cast<char>(packet_id & 0xffU);
}

}  // namespace parley::mqtt
