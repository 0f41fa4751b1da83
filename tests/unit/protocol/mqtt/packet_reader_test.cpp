// The stream of packets (MQTT 5 §2.1): pieces, lengths, order, size. How statements are named: helpers.h.

#include "tests/unit/protocol/mqtt/helpers.h"

namespace parley::mqtt::tests {
namespace {

using Step = PacketReader::Step;

// What a stream contains, each packet encoded again, and how it ended.
struct Stream {
  std::vector<std::string> packets;
  std::optional<Violation> violation;
  friend bool operator==(const Stream&, const Stream&) = default;
};

Stream run(std::string_view bytes, std::size_t piece, const Limits& limits = Limits()) {
  PacketReader reader(limits);
  Stream out;
  Packet packet;
  Violation violation;
  while (!bytes.empty()) {
    // In memory of its own that is gone after the call, as a loop's read buffer is.
    const std::string chunk(bytes.substr(0, piece));
    bytes.remove_prefix(chunk.size());
    std::string_view input = chunk;
    for (Step step = Step::packet; step == Step::packet;) {
      step = reader.next(input, packet, violation);
      if (step == Step::packet) out.packets.push_back(encoded(packet, reader.version().value_or(v311)));
      if (step == Step::violation) {
        out.violation = violation;
        return out;
      }
    }
    EXPECT_TRUE(input.empty());
  }
  return out;
}

std::string session(Version version) {
  const std::string p = version == v5 ? props() : "";
  return (version == v5 ? connect5() : connect3()) + packet(0x82, two(1) + p + text("a/#") + hex("01")) +
         packet(0x32, text("a/b") + two(2) + p + std::string(300, 'x')) + packet(0x30, text("a") + p) + packet(0x40, two(3)) +
         hex("c0 00") + packet(0x62, two(4)) + packet(0xa2, two(5) + p + text("a/#")) +
         packet(0x34, text("q") + two(6) + p + std::string(20'000, 'y')) + hex("e0 00");
}

TEST(PacketReader, TakesBytesInAnyPieces) {
  for (const Version version : {v311, v5}) {
    const std::string bytes = session(version);
    const Stream whole = run(bytes, bytes.size());
    ASSERT_EQ(whole.packets.size(), 10U);
    std::string joined;
    for (const std::string& packet : whole.packets) joined += packet;
    EXPECT_EQ(joined, bytes);
    for (std::size_t piece = 1; piece < 400; ++piece) EXPECT_EQ(run(bytes, piece), whole) << piece;
  }
}

TEST(PacketReader, SaysTheVersionAfterConnect) {
  const Limits limits;
  PacketReader reader(limits);
  Packet packet;
  Violation violation;
  const std::string bytes = connect5();
  std::string_view input = std::string_view(bytes).substr(0, 10);
  EXPECT_EQ(reader.next(input, packet, violation), Step::need_more);
  EXPECT_FALSE(reader.version().has_value());
  input = std::string_view(bytes).substr(10);
  EXPECT_EQ(reader.next(input, packet, violation), Step::packet);
  EXPECT_EQ(reader.version(), v5);
}

// Views into the input where a packet came in one piece: no copy.
TEST(PacketReader, GivesViewsIntoTheInput) {
  const Limits limits;
  PacketReader reader(limits, v311);
  Packet out;
  Violation violation;
  const std::string bytes = packet(0x30, text("t") + "payload");
  std::string_view input = bytes;
  ASSERT_EQ(reader.next(input, out, violation), Step::packet);
  EXPECT_EQ(std::get<Publish>(out).payload.data(), bytes.data() + 5);
}

// [MQTT5-3.1.0-1] [MQTT3-3.1.0-1]: refused with the first byte, and without an answer, since no version is known
TEST(PacketReader, ConnectComesFirst) {
  for (const char* first : {"30", "c0", "e0", "47", "82", "16", "00"}) {
    const Stream got = run(hex(first), 1);
    ASSERT_TRUE(got.violation.has_value()) << first;
    EXPECT_EQ(got.violation->carrier, Carrier::none);
  }
}

// [MQTT5-3.1.0-2] [MQTT3-3.1.0-2]
TEST(PacketReader, ConnectComesOnce) {
  const Stream of5 = run(connect5() + connect5(), 1000);
  EXPECT_EQ(of5.packets.size(), 1U);
  EXPECT_EQ(of5.violation.value().reason, Reason::protocol_error);
  EXPECT_EQ(of5.violation.value().carrier, Carrier::disconnect);
  const Stream of3 = run(connect3() + connect3(), 1000);
  EXPECT_EQ(of3.violation.value().reason, Reason::protocol_error);
  EXPECT_EQ(of3.violation.value().carrier, Carrier::none);
}

// [MQTT5-1.5.5-1]: no byte more than is needed. 3.1.1 §2.2.3 does not forbid it.
TEST(PacketReader, RemainingLengthIsMinimalIn5) {
  const Stream of5 = run(connect5() + hex("c0 80 00"), 1000);
  EXPECT_EQ(of5.violation.value().reason, Reason::malformed_packet);
  EXPECT_EQ(of5.violation.value().carrier, Carrier::disconnect);
  const Stream of3 = run(connect3() + hex("c0 80 80 00"), 1000);
  EXPECT_FALSE(of3.violation.has_value());
  EXPECT_EQ(of3.packets.size(), 2U);
  const Stream padded_connect = run(hex("10 8d 00") + connect3().substr(2), 1000);
  EXPECT_EQ(padded_connect.packets.size(), 1U);
}

// MQTT 5 §1.5.5, §2.1.4: at most four bytes, told by the fourth
TEST(PacketReader, RemainingLengthHasFourBytesAtMost) {
  for (const std::string& hello : {connect3(), connect5()}) {
    const Stream got = run(hello + hex("30 ff ff ff ff"), 1);
    ASSERT_TRUE(got.violation.has_value());
    EXPECT_EQ(got.violation->reason, Reason::malformed_packet);
  }
  EXPECT_TRUE(run(hex("10 80 80 80 80"), 1).violation.has_value());
}

// [MQTT5-3.2.2-15]: by the fixed header, before any of it has come
TEST(PacketReader, SizeIsRefusedBeforeTheBytesCome) {
  Limits limits;
  limits.packet_bytes_max = 100;
  const std::string fits = packet(0x30, text("t") + props() + std::string(94, 'x'));
  ASSERT_EQ(fits.size(), 100U);
  EXPECT_FALSE(run(connect5() + fits, 1000, limits).violation.has_value());
  const std::string too_large = packet(0x30, text("t") + props() + std::string(95, 'x'));
  const Stream header_only = run(connect5() + too_large.substr(0, 2), 1, limits);
  ASSERT_TRUE(header_only.violation.has_value());
  EXPECT_EQ(header_only.violation->reason, Reason::packet_too_large);
  EXPECT_EQ(header_only.violation->carrier, Carrier::disconnect);
  EXPECT_EQ(run(connect3() + too_large.substr(0, 2), 1, limits).violation.value().carrier, Carrier::none);

  limits.connect_bytes_max = 20;
  EXPECT_EQ(run(connect5(2, text(std::string(20, 'c'))).substr(0, 2), 1, limits).violation.value().reason,
            Reason::packet_too_large);
}

TEST(PacketReader, NothingIsReadBehindAViolation) {
  const Limits limits;
  PacketReader reader(limits);
  Packet packet;
  Violation violation;
  std::string bytes = hex("00") + connect5();
  std::string_view input = bytes;
  EXPECT_EQ(reader.next(input, packet, violation), Step::violation);
  input = std::string_view(bytes).substr(1);
  EXPECT_EQ(reader.next(input, packet, violation), Step::need_more);
  EXPECT_TRUE(input.empty());
}

// Every packet, cut after every byte: it is waited for, never taken and never refused.
TEST(PacketReader, WaitsForTheRest) {
  for (const Version version : {v311, v5}) {
    const std::string bytes = session(version).substr(0, 120);
    for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_FALSE(run(bytes.substr(0, size), 7).violation.has_value());
  }
}

// What a client is told [MQTT5-4.13.1-1], and that it is told so by CONNACK until it is connected [MQTT5-3.14.0-1].
TEST(Farewell, IsWhatTheVersionHas) {
  std::string out;
  append_farewell(out, {Reason::malformed_packet, "no", Carrier::disconnect, v5}, true);
  EXPECT_EQ(out, packet(0xe0, hex("81") + props(hex("1f") + text("no"))));
  out.clear();
  append_farewell(out, {Reason::malformed_packet, "no", Carrier::disconnect, v5}, false);
  EXPECT_EQ(out, packet(0x20, hex("00 81") + props(hex("1f") + text("no"))));
  out.clear();
  append_farewell(out, {Reason::topic_filter_invalid, "no", Carrier::disconnect, v5}, false);
  EXPECT_EQ(out, packet(0x20, hex("00 82") + props(hex("1f") + text("no"))));
  out.clear();
  append_farewell(out, {Reason::unsupported_protocol_version, "no", Carrier::connack, v311}, false);
  EXPECT_EQ(out, hex("20 02 00 01"));
  out.clear();
  append_farewell(out, {Reason::malformed_packet, "no", Carrier::none, v311}, true);
  EXPECT_EQ(out, "");
}

// [MQTT3-3.1.2-2] [MQTT5-3.1.2-2]: on the wire
TEST(Farewell, OfAnUnknownVersion) {
  const std::pair<std::string, std::string> rows[] = {
      {packet(0x10, text("MQIsdp") + hex("03 02 003c") + text("c")), hex("20 02 00 01")},
      {connect(3, 2, "", text("c")), hex("20 02 00 01")},
      {connect(0x84, 2, "", text("c")), hex("20 02 00 01")},
  };
  for (const auto& [bytes, answer] : rows) {
    std::string out;
    append_farewell(out, from_client(v5, bytes).violation.value(), false);
    EXPECT_EQ(out, answer);
  }
  std::string out;
  append_farewell(out, from_client(v5, connect(6, 2, props(), text("c"))).violation.value(), false);
  EXPECT_EQ(out.substr(2, 2), hex("00 84"));
}

}  // namespace
}  // namespace parley::mqtt::tests
