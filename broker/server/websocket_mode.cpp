#include "broker/server/websocket_mode.h"

#include <algorithm>

#include "broker/protocol/websocket_writer.h"

namespace parley::server {

namespace close_code = websocket::close_code;

WebSocketMode::WebSocketMode(Wire& wire, WebSocketContext& context, std::size_t message_bytes_max)
    : wire_(wire), context_(context), reader_(context.readers, message_bytes_max) {
  context_.counters.websockets.add(1);
}
WebSocketMode::~WebSocketMode() { context_.counters.websockets.add(-1); }

void WebSocketMode::on_bytes(std::string_view bytes) {
  pinged_ = false;
  reader_.feed(bytes, *this);
}

// ---- what comes

void WebSocketMode::on_message(websocket::Opcode kind, std::string_view payload) {
  context_.counters.messages_in.add();
  if (close_sent_ == 0) handler_->on_message(kind, payload);
}

void WebSocketMode::on_ping(std::string_view payload) {
  // A client that pings and does not read gets no pongs: nothing else bounds them.
  if (close_sent_ == 0 && !wire_.congested()) wire_.send(websocket::encode(websocket::Opcode::pong, payload));
}

void WebSocketMode::on_close(std::uint16_t code, std::string_view /*reason*/) {
  if (close_sent_ == 0) wire_.send(websocket::encode_close(code));
  wire_.finish();
}

void WebSocketMode::on_violation(std::uint16_t code, std::string_view reason) {
  context_.counters.websocket_violations.add();
  if (close_sent_ == 0) wire_.send(websocket::encode_close(code, reason));
  wire_.finish();
}

// ---- what goes

void WebSocketMode::send(Frame frame) {
  if (close_sent_ == 0) wire_.send(std::move(frame));
}

void WebSocketMode::pause_reading(bool paused) {
  if (close_sent_ == 0) wire_.pause_reading(paused);
}

void WebSocketMode::close(std::uint16_t code, std::string_view reason) {
  if (close_sent_ != 0) return;
  wire_.send(websocket::encode_close(code, reason));
  close_sent_ = std::max<MonoMs>(context_.clock.mono_ms(), 1);
  wire_.pause_reading(false);  // the peer's close frame is waited for
}

void WebSocketMode::on_drained() {
  if (close_sent_ == 0) handler_->on_drained();
}

void WebSocketMode::drain() {
  drain_began_ = std::max<MonoMs>(context_.clock.mono_ms(), 1);
  handler_->drain();
}

void WebSocketMode::close_if_settled() {
  const MonoMs now = context_.clock.mono_ms();
  if (close_sent_ != 0 || now - drain_began_ < context_.settings.drain_grace_ms || !handler_->settled()) return;
  context_.counters.end(Ended::drained);
  close(close_code::going_away, "the server is stopping");
}

// ---- time

void WebSocketMode::on_tick(MonoMs now) {
  if (close_sent_ != 0) {
    if (now - close_sent_ >= context_.settings.close_ms) wire_.finish();
    return;
  }
  handler_->on_tick();
  if (drain_began_ != 0) close_if_settled();
  if (close_sent_ == 0) watch_heartbeat(now);
}

void WebSocketMode::watch_heartbeat(MonoMs now) {
  if (wire_.reading_paused()) return;  // then the silence is ours
  const MonoMs silence = now - wire_.last_byte();
  if (silence >= 2 * context_.settings.heartbeat_ms) {
    context_.counters.end(Ended::silent);
    close(close_code::going_away, "no sign of life");
  } else if (silence >= context_.settings.heartbeat_ms && !pinged_) {
    pinged_ = true;
    wire_.send(websocket::encode(websocket::Opcode::ping, {}));
  }
}

}  // namespace parley::server
