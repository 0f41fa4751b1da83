#include "broker/protocol/websocket_writer.h"

#include <array>
#include <cassert>
#include <cstring>

namespace parley::websocket {

namespace {

// The header that begin() leaves room for: that of most chat messages, so that end() rarely moves the payload.
constexpr std::size_t header_guess = 4;

constexpr std::size_t reason_bytes_max = control_payload_max - 2;

std::string_view cut_at_character(std::string_view text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) return text;
  std::size_t end = bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end;
  return text.substr(0, end);
}

}  // namespace

char* write_header(char* out, Opcode opcode, std::size_t payload_bytes) {
  *out++ = static_cast<char>(0x80U | static_cast<unsigned>(opcode));
  unsigned length_bytes = 0;
  if (payload_bytes <= 125) {
    *out++ = static_cast<char>(payload_bytes);
  } else if (payload_bytes <= 0xffff) {
    *out++ = 126;
    length_bytes = 2;
  } else {
    *out++ = 127;
    length_bytes = 8;
  }
  for (unsigned i = length_bytes; i-- > 0;) *out++ = static_cast<char>((payload_bytes >> (8U * i)) & 0xffU);
  return out;
}

Frame encode(Opcode opcode, std::string_view payload) {
  return encode_in_place(opcode, payload.size(), [&](char* out) { payload.copy(out, payload.size()); });
}

Frame encode_close(std::uint16_t code, std::string_view reason) {
  if (!may_be_sent(code)) return encode(Opcode::close, {});
  reason = cut_at_character(reason, reason_bytes_max);
  return encode_in_place(Opcode::close, 2 + reason.size(), [&](char* out) {
    *out++ = static_cast<char>(code >> 8U);
    *out++ = static_cast<char>(code & 0xffU);
    reason.copy(out, reason.size());
  });
}

Frame join(std::span<const Frame> frames) {
  if (frames.size() == 1) return frames.front();
  std::size_t size = 0;
  for (const Frame& frame : frames) size += frame.size();
  Frame run = Frame::uninitialized(size);
  char* out = run.data_for_writing();
  for (const Frame& frame : frames) out += frame.bytes().copy(out, frame.size());
  return run;
}

void FrameRun::add(Opcode opcode, std::string_view payload) {
  std::array<char, header_bytes_max> header{};
  const char* const end = write_header(header.data(), opcode, payload.size());
  buffer_.append(header.data(), static_cast<std::size_t>(end - header.data()));
  buffer_.append(payload);
}

void FrameRun::begin() {
  start_ = buffer_.size();
  buffer_.append(header_guess, '\0');
}

void FrameRun::end(Opcode opcode) {
  assert(buffer_.size() >= start_ + header_guess);
  const std::size_t payload_bytes = buffer_.size() - start_ - header_guess;
  const std::size_t header = header_size(payload_bytes);
  if (header < header_guess) {
    buffer_.erase(start_, header_guess - header);
  } else if (header > header_guess) {
    buffer_.insert(start_, header - header_guess, '\0');
  }
  write_header(buffer_.data() + start_, opcode, payload_bytes);
}

Frame FrameRun::take() {
  Frame frame = Frame::copy_of(buffer_);
  buffer_.clear();
  return frame;
}

}  // namespace parley::websocket
