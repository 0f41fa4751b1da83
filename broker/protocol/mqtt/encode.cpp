#include "broker/protocol/mqtt/encode.h"

#include <algorithm>

#include "broker/protocol/mqtt/output.h"

namespace parley::mqtt {

namespace {

unsigned code(Reason reason) { return static_cast<unsigned>(reason); }

// put(sink, packet, version): everything behind the fixed header.

template <typename Sink>
void put(Sink& sink, const Connect& packet, Version version) {
  sink.text("MQTT");
  sink.byte(static_cast<unsigned>(version));
  unsigned flags = packet.clean_start ? 2U : 0U;
  if (packet.will) flags |= 4U | static_cast<unsigned>(packet.will->qos) << 3U | (packet.will->retain ? 0x20U : 0U);
  if (packet.password) flags |= 0x40U;
  if (packet.user_name) flags |= 0x80U;
  sink.byte(flags);
  sink.two(packet.keep_alive_s);
  if (version == Version::v5) put_properties(sink, packet.properties);
  sink.text(packet.client_id);
  if (packet.will) {
    if (version == Version::v5) put_properties(sink, packet.will->properties);
    sink.text(packet.will->topic);
    sink.text(packet.will->payload);
  }
  if (packet.user_name) sink.text(*packet.user_name);
  if (packet.password) sink.text(*packet.password);
}

template <typename Sink>
void put(Sink& sink, const Connack& packet, Version version) {
  sink.byte(packet.session_present ? 1U : 0U);
  if (version == Version::v311) return sink.byte(connect_return_code(packet.reason).value_or(0));
  sink.byte(code(packet.reason));
  put_properties(sink, packet.properties);
}

template <typename Sink>
void put(Sink& sink, const Publish& packet, Version version) {
  sink.text(packet.topic);
  if (packet.qos != QoS::at_most_once) sink.two(packet.packet_id);
  if (version == Version::v5) put_properties(sink, packet.properties);
  sink.raw(packet.payload);
}

// The shortest form that says it (§3.4.2.1, §3.4.2.2.1).
template <typename Sink>
void put(Sink& sink, const Acknowledgement& packet, Version version) {
  const bool bare = packet.properties == AckProperties{};
  sink.two(packet.packet_id);
  if (version == Version::v311 || (bare && packet.reason == Reason::success)) return;
  sink.byte(code(packet.reason));
  if (!bare) put_properties(sink, packet.properties);
}

template <typename Sink>
void put(Sink& sink, const Subscribe& packet, Version version) {
  sink.two(packet.packet_id);
  if (version == Version::v5) put_properties(sink, packet.properties);
  for (const Subscription& subscription : packet.subscriptions) {
    sink.text(subscription.filter);
    unsigned options = static_cast<unsigned>(subscription.qos);
    if (version == Version::v5) {
      options |= (subscription.no_local ? 4U : 0U) | (subscription.retain_as_published ? 8U : 0U) |
                 static_cast<unsigned>(subscription.retain_handling) << 4U;
    }
    sink.byte(options);
  }
}

template <typename Sink>
void put(Sink& sink, const Suback& packet, Version version) {
  sink.two(packet.packet_id);
  if (version == Version::v5) put_properties(sink, packet.properties);
  for (const Reason reason : packet.reasons) {
    sink.byte(code(version == Version::v311 && is_error(reason) ? Reason::unspecified_error : reason));
  }
}

template <typename Sink>
void put(Sink& sink, const Unsubscribe& packet, Version version) {
  sink.two(packet.packet_id);
  if (version == Version::v5) put_properties(sink, packet.properties);
  for (const std::string_view filter : packet.filters) sink.text(filter);
}

template <typename Sink>
void put(Sink& sink, const Unsuback& packet, Version version) {
  sink.two(packet.packet_id);
  if (version == Version::v311) return;
  put_properties(sink, packet.properties);
  for (const Reason reason : packet.reasons) sink.byte(code(reason));
}

template <typename Sink>
void put(Sink&, const Pingreq&, Version) {}
template <typename Sink>
void put(Sink&, const Pingresp&, Version) {}

template <typename Sink>
void put(Sink& sink, const Disconnect& packet, Version version) {
  const bool bare = packet.properties == DisconnectProperties{};
  if (version == Version::v311 || (bare && packet.reason == Reason::success)) return;
  sink.byte(code(packet.reason));
  if (!bare) put_properties(sink, packet.properties);
}

template <typename Sink>
void put(Sink& sink, const Auth& packet, Version) {
  if (packet.reason == Reason::success && packet.properties == AuthProperties{}) return;
  sink.byte(code(packet.reason));
  put_properties(sink, packet.properties);
}

unsigned first_byte(const Packet& packet) {
  const unsigned type = static_cast<unsigned>(type_of(packet)) << 4U;
  if (const auto* publish = std::get_if<Publish>(&packet)) {
    return type | (publish->dup ? 8U : 0U) | static_cast<unsigned>(publish->qos) << 1U | (publish->retain ? 1U : 0U);
  }
  switch (type_of(packet)) {
    case PacketType::pubrel:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return type | 2U;
    default:
      return type;
  }
}

bool exists_in_311(const Packet& packet) {
  if (const auto* connack = std::get_if<Connack>(&packet)) return connect_return_code(connack->reason).has_value();
  return type_of(packet) != PacketType::auth;
}

struct Size {
  std::uint32_t body = 0;
  std::uint32_t whole = 0;  // 0: it cannot be sent
};

Size size_of(const Packet& packet, const Receiver& receiver) {
  if (receiver.version == Version::v311 && !exists_in_311(packet)) return {};
  Counter counter;
  std::visit([&](const auto& p) { put(counter, p, receiver.version); }, packet);
  if (!counter.fits()) return {};
  const auto body = static_cast<std::uint32_t>(counter.size());
  const std::uint32_t whole = 1 + variable_size(body) + body;
  return whole <= receiver.packet_bytes_max ? Size{body, whole} : Size{};
}

void write(char* out, const Packet& packet, Version version, std::uint32_t body) {
  Writer writer(out);
  writer.byte(first_byte(packet));
  writer.variable(body);
  std::visit([&](const auto& p) { put(writer, p, version); }, packet);
}

// Takes out what explains but does not matter. False when there is no such thing in the packet.
template <typename P>
bool strip(P& packet) {
  if constexpr (requires { packet.properties.reason_string; }) {
    const bool had = packet.properties.reason_string || !packet.properties.user.empty();
    packet.properties.reason_string.reset();
    packet.properties.user.clear();
    return had;
  } else {
    return false;
  }
}

bool always_explains(PacketType type) { return type == PacketType::connack || type == PacketType::disconnect; }

// Calls write_into(packet, size) with what is to be sent, if anything is.
template <typename Use>
void with_sendable(const Packet& packet, const Receiver& receiver, Use use) {
  const bool explain = receiver.problem_information || always_explains(type_of(packet));
  if (explain) {
    const Size size = size_of(packet, receiver);
    if (size.whole != 0) return use(packet, size);
  }
  Packet bare = packet;
  const bool stripped = std::visit([](auto& p) { return strip(p); }, bare);
  if (explain && !stripped) return;
  const Size size = size_of(bare, receiver);
  if (size.whole != 0) use(bare, size);
}

}  // namespace

Frame encode(const Packet& packet, const Receiver& receiver) {
  Frame frame;
  with_sendable(packet, receiver, [&](const Packet& sendable, Size size) {
    frame = Frame::uninitialized(size.whole);
    write(frame.data_for_writing(), sendable, receiver.version, size.body);
  });
  return frame;
}

bool append(std::string& out, const Packet& packet, const Receiver& receiver) {
  const std::size_t before = out.size();
  with_sendable(packet, receiver, [&](const Packet& sendable, Size size) {
    out.resize(before + size.whole);
    write(out.data() + before, sendable, receiver.version, size.body);
  });
  return out.size() != before;
}

}  // namespace parley::mqtt
