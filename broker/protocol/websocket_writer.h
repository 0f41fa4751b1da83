#pragma once

// Frames to send: complete, final, unmasked (a server's, RFC 6455 §5.1), so that the same bytes serve every receiver. Pure
// functions; a Frame stays on the thread that made it.

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "broker/base/frame.h"
#include "broker/protocol/websocket.h"

namespace parley::websocket {

constexpr std::size_t header_bytes_max = 10;

// Size of the header in front of a payload of that many bytes: 2, 4 or 10.
constexpr std::size_t header_size(std::size_t payload_bytes) {
  return payload_bytes <= 125 ? 2 : payload_bytes <= 0xffff ? 4 : 10;
}

// Writes the header (header_size(payload_bytes) bytes) and returns the position behind it.
char* write_header(char* out, Opcode opcode, std::size_t payload_bytes);

// One frame around a copy of the payload.
Frame encode(Opcode opcode, std::string_view payload);

// One frame whose payload the caller writes in place: fill(char* out) writes exactly payload_bytes bytes.
template <typename Fill>
Frame encode_in_place(Opcode opcode, std::size_t payload_bytes, Fill&& fill) {
  Frame frame = Frame::uninitialized(header_size(payload_bytes) + payload_bytes);
  std::forward<Fill>(fill)(write_header(frame.data_for_writing(), opcode, payload_bytes));
  return frame;
}

// A close frame. A code that may not be sent (1005 among them) gives an empty payload; a reason too long for a control frame is
// cut at a character's boundary.
Frame encode_close(std::uint16_t code, std::string_view reason = {});

// The frames' bytes one after the other, as one: one buffer to write where many receivers are owed the same run.
Frame join(std::span<const Frame> frames);

// Collects frames in one growing buffer. A payload of unknown size is appended between begin() and end():
//   run.begin(); json::Writer(run.buffer())...; run.end(Opcode::text);
class FrameRun {
 public:
  void add(Opcode opcode, std::string_view payload);

  void begin();
  std::string& buffer() { return buffer_; }  // append only
  void end(Opcode opcode);

  bool empty() const { return buffer_.empty(); }
  std::size_t size() const { return buffer_.size(); }
  // What was collected, as one frame; the buffer keeps its capacity for the next run.
  Frame take();

 private:
  std::string buffer_;
  std::size_t start_ = 0;
};

}  // namespace parley::websocket
