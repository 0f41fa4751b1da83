#include "broker/protocol/websocket_reader.h"

#include <wslay/wslay.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <new>
#include <string>

#include "broker/protocol/websocket_utf8.h"

namespace parley::websocket {

namespace {

// A given-back context keeps a message buffer of at most this size.
constexpr std::size_t kept_buffer_bytes = std::size_t{64} << 10U;

struct FreeFrameContext {
  void operator()(wslay_frame_context* context) const { wslay_frame_context_free(context); }
};

// What the first bytes of a frame say (§5.2).
struct FrameHeader {
  bool fin = false;
  unsigned rsv = 0;
  unsigned opcode = 0;
  bool masked = false;
  std::uint64_t length = 0;

  std::size_t size() const { return header_bytes(length) + (masked ? 4 : 0); }
  static std::size_t header_bytes(std::uint64_t length) { return length <= 125 ? 2 : length <= 0xffff ? 4 : 10; }
};

struct Fault {
  std::uint16_t code = 0;
  std::string_view reason;
  explicit operator bool() const { return code != 0; }
};
Fault protocol_fault(std::string_view reason) { return {close_code::protocol_error, reason}; }

bool is_known(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

}  // namespace

struct ReaderPool::Context {
  Context() {
    const wslay_frame_callbacks callbacks = {nullptr, &Context::receive, nullptr};
    wslay_frame_context_ptr made = nullptr;
    if (wslay_frame_context_init(&made, &callbacks, this) != 0) throw std::bad_alloc();
    frame.reset(made);
  }

  // wslay asks for bytes: hands it the next ones of the input.
  static ssize_t receive(uint8_t* out, size_t size, int /*flags*/, void* self) {
    auto& context = *static_cast<Context*>(self);
    const std::size_t count = context.input.copy(reinterpret_cast<char*>(out), size);
    context.input.remove_prefix(count);
    context.taken += count;
    return count == 0 ? -1 : static_cast<ssize_t>(count);
  }

  bool between_messages() const { return taken == frames_end && !in_frame && !in_message; }
  Fault check(const FrameHeader& h, std::size_t limit) const;
  Fault check_early(std::size_t limit);
  void keep_partial_header(std::string_view whole_input);
  void clear();

  std::unique_ptr<wslay_frame_context, FreeFrameContext> frame;
  std::string_view input;  // not yet taken by wslay
  // Positions in the stream, to know where frames begin: wslay does not say when it holds the beginning of one.
  std::uint64_t taken = 0;
  std::uint64_t frames_end = 0;
  std::array<unsigned char, 10> head{};  // the first bytes of a frame whose payload has not begun
  std::size_t head_size = 0;

  FrameHeader current;
  bool in_frame = false;  // the header was read, payload is still to come
  std::uint64_t frame_left = 0;

  bool in_message = false;  // the first frame of a message has begun
  bool text = false;
  std::string message;  // what has come of it, when it did not come at once
  Utf8Check utf8;
  std::string control;  // likewise for a control frame
};

// The rules that a header alone can break (§5.2, §5.4, §5.5); `limit` is for a whole message.
Fault ReaderPool::Context::check(const FrameHeader& h, std::size_t limit) const {
  if (h.rsv != 0) return protocol_fault("reserved bit set");
  if (!is_known(h.opcode)) return protocol_fault("reserved opcode");
  if (!h.masked) return protocol_fault("frame not masked");
  if (is_control(static_cast<Opcode>(h.opcode))) {
    if (!h.fin) return protocol_fault("fragmented control frame");
    return h.length > control_payload_max ? protocol_fault("control frame too long") : Fault{};
  }
  if (h.opcode == 0 && !in_message) return protocol_fault("continuation of nothing");
  if (h.opcode != 0 && in_message) return protocol_fault("new message within a message");
  if (h.length > limit || message.size() > limit - h.length) return {close_code::too_large, "message too large"};
  return {};
}

// wslay reports a frame only when its payload begins. The rules are checked on what is there of the header, so that a bad one is
// not waited on.
Fault ReaderPool::Context::check_early(std::size_t limit) {
  if (head_size < 2) return {};
  FrameHeader h;
  h.fin = (head[0] & 0x80U) != 0;
  h.rsv = (head[0] >> 4U) & 7U;
  h.opcode = head[0] & 15U;
  h.masked = (head[1] & 0x80U) != 0;
  h.length = head[1] & 0x7fU;
  const std::size_t length_bytes = h.length == 126 ? 2 : h.length == 127 ? 8 : 0;
  if (length_bytes != 0 && !is_control(static_cast<Opcode>(h.opcode))) {
    const bool known = head_size >= 2 + length_bytes;
    h.length = 0;
    for (std::size_t i = 0; known && i < length_bytes; ++i) h.length = (h.length << 8U) | head[2 + i];
  }
  return check(h, limit);
}

void ReaderPool::Context::keep_partial_header(std::string_view whole_input) {
  const std::uint64_t input_begin = taken - whole_input.size();
  const std::uint64_t from = std::max(frames_end, input_begin) - input_begin;
  if (from == 0 && frames_end < input_begin) {
    // The frame began in an earlier piece: head holds its first bytes.
  } else {
    head_size = 0;
  }
  const std::string_view piece = whole_input.substr(static_cast<std::size_t>(from));
  const std::size_t count = std::min(piece.size(), head.size() - head_size);
  std::memcpy(head.data() + head_size, piece.data(), count);
  head_size += count;
}

void ReaderPool::Context::clear() {
  taken = frames_end = 0;
  head_size = 0;
  if (message.capacity() > kept_buffer_bytes) {
    message = std::string();
  } else {
    message.clear();
  }
  control.clear();
  utf8.reset();
}

ReaderPool::ReaderPool(std::size_t kept_max) : kept_max_(kept_max) {}
ReaderPool::~ReaderPool() { assert(borrowed_ == 0); }

std::unique_ptr<ReaderPool::Context> ReaderPool::borrow() {
  ++borrowed_;
  if (kept_.empty()) return std::make_unique<Context>();
  std::unique_ptr<Context> context = std::move(kept_.back());
  kept_.pop_back();
  return context;
}

void ReaderPool::give_back(std::unique_ptr<Context> context, bool reusable) {
  --borrowed_;
  if (!reusable || kept_.size() >= kept_max_) return;
  context->clear();
  kept_.push_back(std::move(context));
}

Reader::Reader(ReaderPool& pool, std::size_t message_bytes_max) : pool_(&pool), message_bytes_max_(message_bytes_max) {}

Reader::~Reader() {
  if (context_) pool_->give_back(std::move(context_), false);
}

void Reader::feed(std::string_view bytes, Events& events) {
  if (stopped_ || bytes.empty()) return;
  if (!context_) context_ = pool_->borrow();
  context_->input = bytes;
  while (!stopped_ && step(events)) {
  }
  Context& c = *context_;
  if (!stopped_ && !c.in_frame && c.taken != c.frames_end) {
    c.keep_partial_header(bytes);
    if (const Fault fault = c.check_early(message_bytes_max_)) fail(fault.code, fault.reason, events);
  }
  if (stopped_ || c.between_messages()) pool_->give_back(std::move(context_), !stopped_);
}

// Reads one piece of one frame; false when all input is used up or the reader has stopped.
bool Reader::step(Events& events) {
  Context& c = *context_;
  wslay_frame_iocb io{};
  const ssize_t got = wslay_frame_recv(c.frame.get(), &io);
  if (got == WSLAY_ERR_WANT_READ) return false;
  if (got < 0) {
    fail(close_code::protocol_error, "malformed frame header", events);
    return false;
  }
  if (!c.in_frame) {
    c.current = {io.fin != 0, io.rsv, io.opcode, io.mask != 0, io.payload_length};
    if (const Fault fault = c.check(c.current, message_bytes_max_)) {
      fail(fault.code, fault.reason, events);
      return false;
    }
    c.in_frame = true;
    c.frame_left = io.payload_length;
    if (io.opcode != 0 && !wslay_is_ctrl_frame(io.opcode)) {
      c.in_message = true;
      c.text = io.opcode == WSLAY_TEXT_FRAME;
    }
  }
  c.frame_left -= static_cast<std::uint64_t>(got);
  const bool frame_ends = c.frame_left == 0;
  if (frame_ends) {
    c.in_frame = false;
    c.frames_end += c.current.size() + c.current.length;
  }
  on_payload({reinterpret_cast<const char*>(io.data), static_cast<std::size_t>(got)}, frame_ends, events);
  return !stopped_;
}

void Reader::on_payload(std::string_view chunk, bool frame_ends, Events& events) {
  Context& c = *context_;
  if (is_control(static_cast<Opcode>(c.current.opcode))) {
    const bool whole = frame_ends && c.control.empty();
    if (!whole) c.control.append(chunk);
    if (frame_ends) on_control(whole ? chunk : std::string_view(c.control), events);
    if (frame_ends) c.control.clear();
    return;
  }
  const bool message_ends = frame_ends && c.current.fin;
  if (c.text && (!c.utf8.feed(chunk) || (message_ends && !c.utf8.complete()))) {
    fail(close_code::invalid_payload, "invalid UTF-8", events);
    return;
  }
  const bool whole = message_ends && c.message.empty();
  if (!whole) c.message.append(chunk);
  if (!message_ends) return;
  c.in_message = false;
  events.on_message(c.text ? Opcode::text : Opcode::binary, whole ? chunk : std::string_view(c.message));
  c.message.clear();
  c.utf8.reset();
}

void Reader::on_control(std::string_view payload, Events& events) {
  switch (static_cast<Opcode>(context_->current.opcode)) {
    case Opcode::ping:
      events.on_ping(payload);
      break;
    case Opcode::pong:
      events.on_pong(payload);
      break;
    default:
      on_close_frame(payload, events);
      break;
  }
}

// §5.5.1, §7.4.
void Reader::on_close_frame(std::string_view payload, Events& events) {
  if (payload.size() == 1) return fail(close_code::protocol_error, "close payload of one byte", events);
  std::uint16_t code = close_code::none_received;
  std::string_view reason;
  if (!payload.empty()) {
    code = static_cast<std::uint16_t>((static_cast<unsigned char>(payload[0]) << 8U) | static_cast<unsigned char>(payload[1]));
    reason = payload.substr(2);
    if (!may_be_sent(code)) return fail(close_code::protocol_error, "invalid close code", events);
    if (!is_utf8(reason)) return fail(close_code::invalid_payload, "invalid UTF-8 in close reason", events);
  }
  stopped_ = true;
  events.on_close(code, reason);
}

void Reader::fail(std::uint16_t code, std::string_view reason, Events& events) {
  if (stopped_) return;
  stopped_ = true;
  events.on_violation(code, reason);
}

}  // namespace parley::websocket
