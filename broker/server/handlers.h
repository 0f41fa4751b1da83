#pragma once

// What WebSocket messages can mean: an echo (/echo), the native protocol (/ws), or a refusal.

#include "broker/core/native_session.h"
#include "broker/server/websocket_mode.h"

namespace parley::server {

// Sends every message back as it is. For conformance suites.
class EchoHandler final : public MessageHandler {
 public:
  explicit EchoHandler(Transport& transport) : transport_(transport) {}
  void on_message(websocket::Opcode kind, std::string_view payload) override;
  void on_drained() override { transport_.pause_reading(false); }

 private:
  Transport& transport_;
};

// Closes whatever comes with 1013: for connections over the limit, since browsers hide an HTTP status but show a close code.
class RefusingHandler final : public MessageHandler {
 public:
  explicit RefusingHandler(Transport& transport);
  void on_message(websocket::Opcode, std::string_view) override {}
  void on_drained() override {}
};

class NativeHandler final : public MessageHandler {
 public:
  NativeHandler(Hub& hub, Transport& transport, Authenticator& authenticator, Random& random, const NativeSettings& settings)
      : transport_(transport), session_(hub, transport, authenticator, random, settings) {}
  void on_message(websocket::Opcode kind, std::string_view payload) override;
  void on_drained() override { session_.on_drained(); }
  void on_tick() override { session_.on_tick(); }
  void goaway(MonoMs after_ms) override { session_.goaway("draining", after_ms); }
  void drain() override { session_.refuse_publishes(); }
  bool settled() const override { return session_.settled(); }

 private:
  Transport& transport_;
  NativeSession session_;
};

}  // namespace parley::server
