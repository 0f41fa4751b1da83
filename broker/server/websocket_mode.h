#pragma once

// A connection that speaks WebSocket frames (RFC 6455): control frames, heartbeat and the closing handshake are answered here,
// messages go to a handler, which writes through Transport.

#include <memory>

#include "broker/core/transport.h"
#include "broker/protocol/websocket_reader.h"
#include "broker/server/counters.h"
#include "broker/server/mode.h"

namespace parley::server {

// What the messages mean: the native protocol, an echo.
class MessageHandler {
 public:
  virtual ~MessageHandler() = default;
  virtual void on_message(websocket::Opcode kind, std::string_view payload) = 0;
  virtual void on_drained() = 0;
  virtual void on_tick() {}
  virtual void goaway(MonoMs after_ms) { static_cast<void>(after_ms); }
  // The server stops: take on nothing new.
  virtual void drain() {}
  virtual bool settled() const { return true; }
};

struct WebSocketSettings {
  MonoMs heartbeat_ms = 25'000;
  MonoMs close_ms = 2'000;  // for the peer's answer to our close frame
  MonoMs drain_grace_ms =
      1'000;  // when draining, from the first refusal to the close frame: what is on its way is still answered
};

// What the WebSocket connections of one worker share.
struct WebSocketContext {
  const Clock& clock;
  websocket::ReaderPool& readers;
  SocketCounters& counters;
  const WebSocketSettings& settings;
};

class WebSocketMode final : public Mode, public Transport, private websocket::Events {
 public:
  WebSocketMode(Wire& wire, WebSocketContext& context, std::size_t message_bytes_max);
  ~WebSocketMode() override;
  // Before any bytes.
  void set_handler(std::unique_ptr<MessageHandler> handler) { handler_ = std::move(handler); }

  // Mode
  void on_bytes(std::string_view bytes) override;
  void on_end() override { wire_.finish(); }
  void on_drained() override;
  void on_tick(MonoMs now) override;
  void drain() override;
  void goaway(MonoMs after_ms) override { handler_->goaway(after_ms); }
  bool settled() const override { return handler_->settled(); }

  // Transport
  void send(Frame frame) override;
  bool congested() const override { return wire_.congested(); }
  void pause_reading(bool paused) override;
  void close(std::uint16_t code, std::string_view reason) override;

 private:
  // websocket::Events
  void on_message(websocket::Opcode kind, std::string_view payload) override;
  void on_ping(std::string_view payload) override;
  void on_pong(std::string_view) override {}
  void on_close(std::uint16_t code, std::string_view reason) override;
  void on_violation(std::uint16_t code, std::string_view reason) override;

  void watch_heartbeat(MonoMs now);
  void close_if_settled();

  Wire& wire_;
  WebSocketContext& context_;
  websocket::Reader reader_;
  std::unique_ptr<MessageHandler> handler_;
  MonoMs close_sent_ = 0;   // when our close frame was sent; 0: not yet
  bool pinged_ = false;     // since the last byte
  MonoMs drain_began_ = 0;  // 0: not draining
};

}  // namespace parley::server
