#pragma once

// One connection's bytes in, in any pieces, packets out (MQTT 5 §2.1). Keeps to what can be said of a stream: where packets begin
// and end, how large one may be, that CONNECT comes first and once. An idle connection costs the size of this object.
//
// Threads: the connection's.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/protocol/mqtt/decode.h"

namespace parley::mqtt {

class PacketReader {
 public:
  // Of what a client sends: the first packet is its CONNECT, which sets the version [MQTT5-3.1.0-1]. `limits` outlives the
  // reader.
  explicit PacketReader(const Limits& limits) : PacketReader(limits, {Version::v311, Sender::client}, false) {}
  // Of what a server sends to a client that asked for that version.
  PacketReader(const Limits& limits, Version version) : PacketReader(limits, {version, Sender::server}, true) {}

  enum class Step : std::uint8_t { need_more, packet, violation };

  // Takes bytes from the front of `input`.
  //   packet      one was written to `packet`. Its views are valid until the next call, and as long as the memory of `input` is.
  //   need_more   all of `input` was taken; the beginning of a packet is kept.
  //   violation   written to `violation`: it is to be answered (append_farewell) and the connection closed. What comes after is
  //   not read.
  // Call it until need_more: that call also frees what a packet in pieces had needed.
  //
  // A packet is refused as early as its bytes tell: by its first byte, by its length before the rest has come [MQTT5-3.2.2-15].
  // A Remaining Length in more bytes than it needs is malformed in MQTT 5 [MQTT5-1.5.5-1]; 3.1.1 allows it.
  Step next(std::string_view& input, Packet& packet, Violation& violation);

  // Of the CONNECT, as soon as it was read; nothing before.
  std::optional<Version> version() const { return connected_ ? std::optional(connection_.version) : std::nullopt; }

 private:
  PacketReader(const Limits& limits, Connection connection, bool connected)
      : limits_(&limits), connection_(connection), connected_(connected) {}

  struct Header {
    std::uint32_t bytes = 0;  // of the fixed header
    std::uint32_t whole = 0;  // of the packet; 0 while it cannot be told
    bool minimal = true;
  };
  std::optional<Violation> read_header(std::string_view bytes, Header& header) const;
  bool gather(std::string_view& input, Header& header, std::optional<Violation>& violation);
  std::optional<Violation> read_packet(std::string_view whole, const Header& header, Packet& packet);
  Violation violation(Reason reason, std::string_view text) const;

  const Limits* limits_;
  std::unique_ptr<std::string> pending_;  // a packet of which a part has come
  Connection connection_;
  bool connected_;          // the version is known
  bool delivered_ = false;  // pending_ is the packet that was given out
  bool failed_ = false;
};
static_assert(sizeof(PacketReader) <= 24);

}  // namespace parley::mqtt
