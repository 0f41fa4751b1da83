#pragma once

// How these tests name what they check: a normative statement of the standard is written as [MQTT5-s.s.s-n] for 5.0 and
// [MQTT3-s.s.s-n] for 3.1.1, with the standard's own numbers (its Appendix B, or A), in the comment above a test or in a row of
// its table. A script collects them from the sources; a statement stands here only where the test fails when the statement is
// broken.
//
// Bytes are built here by hand, from the standard, not by the code under test.

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/protocol/mqtt/decode.h"
#include "broker/protocol/mqtt/encode.h"
#include "broker/protocol/mqtt/packet_reader.h"

namespace parley::mqtt::tests {

constexpr Version v311 = Version::v311;
constexpr Version v5 = Version::v5;

// "10 0c" -> two bytes.
inline std::string hex(std::string_view digits) {
  std::string out;
  for (std::size_t i = 0; i + 1 < digits.size();) {
    if (digits[i] == ' ') {
      ++i;
      continue;
    }
    out += static_cast<char>(std::stoul(std::string(digits.substr(i, 2)), nullptr, 16));
    i += 2;
  }
  return out;
}
inline std::string two(unsigned value) { return {static_cast<char>(value >> 8U), static_cast<char>(value & 0xffU)}; }
// A string or binary data with its length (MQTT 5 §1.5.4, §1.5.6).
inline std::string text(std::string_view bytes) { return two(static_cast<unsigned>(bytes.size())) + std::string(bytes); }
inline std::string variable(std::size_t value) {
  std::string out;
  do {
    const std::size_t digit = value % 128;
    value /= 128;
    out += static_cast<char>(value > 0 ? digit + 128 : digit);
  } while (value > 0);
  return out;
}
inline std::string packet(unsigned first, const std::string& body) {
  return std::string(1, static_cast<char>(first)) + variable(body.size()) + body;
}
inline std::string props(const std::string& list = {}) { return variable(list.size()) + list; }

// A CONNECT: level, flags, what stands between keep alive and payload (the properties), payload.
inline std::string connect(unsigned level, unsigned flags, const std::string& properties, const std::string& payload) {
  return packet(0x10, text("MQTT") + static_cast<char>(level) + static_cast<char>(flags) + two(60) + properties + payload);
}
inline std::string connect3(unsigned flags = 2, const std::string& payload = text("c")) { return connect(4, flags, "", payload); }
inline std::string connect5(unsigned flags = 2, const std::string& payload = text("c"), const std::string& list = {}) {
  return connect(5, flags, props(list), payload);
}

// The first packet in some bytes, which it keeps for the packet's views.
struct Read {
  std::unique_ptr<std::string> bytes;
  Packet packet;
  std::optional<Violation> violation;
  bool whole = false;  // the bytes were one packet

  template <typename T>
  const T& as() const {
    static const T none{};
    const T* found = std::get_if<T>(&packet);
    EXPECT_NE(found, nullptr) << "another packet, or none" << (violation ? std::string(": ") + std::string(violation->text) : "");
    return found == nullptr ? none : *found;
  }
};

// Through a PacketReader, as a connection reads it: behind a CONNECT of that version when a client sends something else.
inline Read read(Version version, Sender sender, const std::string& bytes, const Limits& limits = Limits()) {
  Read out{std::make_unique<std::string>(bytes), {}, {}, false};
  PacketReader reader = sender == Sender::client ? PacketReader(limits) : PacketReader(limits, version);
  Violation violation;
  const bool is_connect = !bytes.empty() && static_cast<unsigned char>(bytes[0]) >> 4U == 1;
  if (sender == Sender::client && !is_connect) {
    const std::string hello = version == v5 ? connect5() : connect3();
    std::string_view input = hello;
    EXPECT_EQ(reader.next(input, out.packet, violation), PacketReader::Step::packet);
  }
  std::string_view input = *out.bytes;
  const PacketReader::Step step = reader.next(input, out.packet, violation);
  if (step == PacketReader::Step::violation) out.violation = violation;
  out.whole = step == PacketReader::Step::packet && input.empty();
  return out;
}
inline Read from_client(Version version, const std::string& bytes) { return read(version, Sender::client, bytes); }
inline Read from_server(Version version, const std::string& bytes) { return read(version, Sender::server, bytes); }

inline std::string encoded(const Packet& packet, Version version) {
  return std::string(encode(packet, {version, packet_bytes_most, true}).bytes());
}

// Something that is refused.
struct Bad {
  const char* statement;  // the normative statements that say so, and what is wrong
  std::string bytes;
  Reason reason;
  Carrier carrier;
};
inline void expect_refused(Version version, Sender sender, const std::vector<Bad>& rows) {
  for (const Bad& row : rows) {
    SCOPED_TRACE(row.statement);
    const Read got = read(version, sender, row.bytes);
    EXPECT_FALSE(got.whole) << "it was taken";
    ASSERT_TRUE(got.violation.has_value()) << "nothing was refused";
    EXPECT_EQ(static_cast<int>(got.violation->reason), static_cast<int>(row.reason)) << got.violation->text;
    EXPECT_EQ(got.violation->carrier, row.carrier) << got.violation->text;
  }
}

}  // namespace parley::mqtt::tests
