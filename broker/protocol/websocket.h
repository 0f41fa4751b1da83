#pragma once

// WebSocket words that reading and writing share (RFC 6455).

#include <cstdint>

namespace parley::websocket {

// RFC 6455 §5.2.
enum class Opcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };
constexpr bool is_control(Opcode opcode) { return (static_cast<unsigned>(opcode) & 8U) != 0; }

// RFC 6455 §7.4.1 and the IANA registry of close codes.
namespace close_code {
constexpr std::uint16_t normal = 1000;
constexpr std::uint16_t going_away = 1001;
constexpr std::uint16_t protocol_error = 1002;
constexpr std::uint16_t unsupported_data = 1003;
constexpr std::uint16_t none_received = 1005;  // never on the wire: the peer's close frame had no code
constexpr std::uint16_t abnormal = 1006;       // never on the wire: the connection ended without a close frame
constexpr std::uint16_t invalid_payload = 1007;
constexpr std::uint16_t policy = 1008;
constexpr std::uint16_t too_large = 1009;
constexpr std::uint16_t internal_error = 1011;
constexpr std::uint16_t restart = 1012;
constexpr std::uint16_t try_again_later = 1013;
}  // namespace close_code

// Whether a peer may send the code in a close frame (§7.4.2; 1004 to 1006 and 1015 are reserved, below 1000 and 1016 to 2999
// undefined).
constexpr bool may_be_sent(std::uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

constexpr std::uint64_t control_payload_max = 125;  // §5.5

}  // namespace parley::websocket
