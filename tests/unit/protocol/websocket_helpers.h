#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/protocol/websocket_reader.h"

namespace parley::websocket::tests {

struct FrameShape {
  bool fin = true;
  unsigned rsv = 0;
  unsigned opcode = 1;
  bool masked = true;
  std::uint64_t declared = ~std::uint64_t{0};  // instead of the payload's size
  int length_form = -1;                        // 0: 7 bits, 2: 16 bits, 8: 64 bits; -1: the shortest
};

// A frame as a client sends it, or a wrong one. Written from RFC 6455 §5.2, on its own: not by the code under test.
inline std::string client_frame(std::string_view payload, FrameShape shape = {}) {
  const std::uint64_t length = shape.declared == ~std::uint64_t{0} ? payload.size() : shape.declared;
  const int form = shape.length_form >= 0 ? shape.length_form : length <= 125 ? 0 : length <= 65535 ? 2 : 8;
  std::string out;
  out += static_cast<char>((shape.fin ? 0x80U : 0U) | (shape.rsv << 4U) | shape.opcode);
  const unsigned mask_bit = shape.masked ? 0x80U : 0U;
  out += static_cast<char>(mask_bit | (form == 0 ? static_cast<unsigned>(length) : form == 2 ? 126U : 127U));
  for (int i = form; i-- > 0;) out += static_cast<char>((length >> (8 * i)) & 0xffU);
  const std::string_view mask = "\x11\x9a\x37\xfe";
  if (shape.masked) out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    out += shape.masked ? static_cast<char>(payload[i] ^ mask[i % 4]) : payload[i];
  }
  return out;
}
inline std::string text(std::string_view payload) { return client_frame(payload); }
inline std::string binary(std::string_view payload) { return client_frame(payload, {.opcode = 2}); }
inline std::string ping(std::string_view payload) { return client_frame(payload, {.opcode = 9}); }
inline std::string close(std::uint16_t code, std::string_view reason = {}) {
  std::string payload;
  payload += static_cast<char>(code >> 8U);
  payload += static_cast<char>(code & 0xffU);
  payload += reason;
  return client_frame(payload, {.opcode = 8});
}
inline std::string first(std::string_view payload) { return client_frame(payload, {.fin = false}); }
inline std::string middle(std::string_view payload) { return client_frame(payload, {.fin = false, .opcode = 0}); }
inline std::string last(std::string_view payload) { return client_frame(payload, {.opcode = 0}); }

// Writes down what happens, one word and its payload a line.
class Recorder final : public Events {
 public:
  std::vector<std::string> seen;
  Reader* stop_after_message = nullptr;

  void on_message(Opcode kind, std::string_view payload) override {
    seen.push_back((kind == Opcode::text ? "text " : "binary ") + std::string(payload));
    if (stop_after_message != nullptr) stop_after_message->stop();
  }
  void on_ping(std::string_view payload) override { seen.push_back("ping " + std::string(payload)); }
  void on_pong(std::string_view payload) override { seen.push_back("pong " + std::string(payload)); }
  void on_close(std::uint16_t code, std::string_view reason) override {
    seen.push_back("close " + std::to_string(code) + " " + std::string(reason));
  }
  void on_violation(std::uint16_t code, std::string_view reason) override {
    seen.push_back("violation " + std::to_string(code));
    why = reason;
  }
  std::string why;
};

}  // namespace parley::websocket::tests
