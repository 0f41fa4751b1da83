#pragma once

// WebSocket frames in: bytes of one connection become messages and control frames, or the close code that the connection is to be
// failed with (RFC 6455 §5 to §8). No sockets, no clock. Parsing and unmasking is wslay's; the rules above a frame are ours.
//
// What a connection in the middle of a frame or message needs is borrowed from a pool and given back when it stands between
// messages, so an idle connection costs a Reader: two pointers and a limit.
//
// Threads: a pool and its readers belong to one thread.

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "broker/protocol/websocket.h"

namespace parley::websocket {

// Called by Reader::feed, in the order of the bytes. Views are valid during the call. None of them may destroy the reader or feed
// it.
class Events {
 public:
  virtual ~Events() = default;
  // A whole message; `kind` is text (valid UTF-8) or binary.
  virtual void on_message(Opcode kind, std::string_view payload) = 0;
  virtual void on_ping(std::string_view payload) = 0;
  virtual void on_pong(std::string_view payload) = 0;
  // The peer's close frame, valid; 1005 when it had no code. The last event.
  virtual void on_close(std::uint16_t code, std::string_view reason) = 0;
  // The peer broke a rule: fail the connection with that code (§7.1.7). The last event.
  virtual void on_violation(std::uint16_t code, std::string_view reason) = 0;
};

class ReaderPool {
 public:
  // Keeps at most that many unused contexts for the next messages.
  explicit ReaderPool(std::size_t kept_max = 64);
  ~ReaderPool();
  ReaderPool(const ReaderPool&) = delete;
  ReaderPool& operator=(const ReaderPool&) = delete;

  // Contexts in use now: connections in the middle of a frame or message.
  std::size_t borrowed() const { return borrowed_; }

 private:
  friend class Reader;
  struct Context;
  std::unique_ptr<Context> borrow();
  void give_back(std::unique_ptr<Context> context, bool reusable);

  std::vector<std::unique_ptr<Context>> kept_;
  std::size_t kept_max_;
  std::size_t borrowed_ = 0;
};

class Reader {
 public:
  // Messages of more than `message_bytes_max` bytes are refused with 1009, as soon as a frame's header says so.
  Reader(ReaderPool& pool, std::size_t message_bytes_max);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  // Takes the next bytes of the stream, any number. Ignored after the last event or stop().
  void feed(std::string_view bytes, Events& events);
  // Nothing more is wanted. May be called from an event; the rest of the bytes is ignored.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  // Whether it stands between messages, holding no memory.
  bool idle() const { return context_ == nullptr; }

 private:
  using Context = ReaderPool::Context;
  bool step(Events& events);
  void on_payload(std::string_view chunk, bool frame_ends, Events& events);
  void on_control(std::string_view payload, Events& events);
  void on_close_frame(std::string_view payload, Events& events);
  void fail(std::uint16_t code, std::string_view reason, Events& events);

  ReaderPool* pool_;
  std::unique_ptr<Context> context_;
  std::size_t message_bytes_max_;
  bool stopped_ = false;
};

}  // namespace parley::websocket
