#pragma once

// Connections that speak MQTT: over TCP a mode of its own, over WebSocket (/mqtt, MQTT 5 §6) a handler of binary messages.

#include "broker/core/mqtt/client.h"
#include "broker/server/mode.h"
#include "broker/server/websocket_mode.h"

namespace parley::server {

class MqttMode final : public Mode, private Transport {
 public:
  MqttMode(Wire& wire, mqtt::Exchange& exchange, const std::string& peer) : wire_(wire), client_(exchange, *this, peer) {}

  // Mode
  void on_bytes(std::string_view bytes) override { client_.on_bytes(bytes); }
  void on_end() override { wire_.finish(); }
  void on_drained() override { client_.on_drained(); }
  void on_tick(MonoMs) override { client_.on_tick(); }
  void drain() override { client_.drain(); }
  void goaway(MonoMs) override {}
  bool settled() const override { return client_.settled(); }

 private:
  // Transport
  void send(Frame frame) override { wire_.send(std::move(frame)); }
  bool congested() const override { return wire_.congested(); }
  void pause_reading(bool paused) override { wire_.pause_reading(paused); }
  void close(std::uint16_t, std::string_view) override { wire_.finish(); }

  Wire& wire_;
  mqtt::Client client_;
};

// The packets may span messages, and several may be in one [MQTT-6.0.0-2].
class MqttHandler final : public MessageHandler {
 public:
  MqttHandler(Transport& transport, mqtt::Exchange& exchange, const std::string& peer)
      : binary_(transport), client_(exchange, binary_, peer) {}
  void on_message(websocket::Opcode kind, std::string_view payload) override;
  void on_drained() override { client_.on_drained(); }
  void on_tick() override { client_.on_tick(); }
  void drain() override { client_.drain(); }
  bool settled() const override { return client_.settled(); }

 private:
  // Every packet leaves in a binary message [MQTT-6.0.0-1].
  class Binary final : public Transport {
   public:
    explicit Binary(Transport& below) : below_(below) {}
    void send(Frame frame) override;
    bool congested() const override { return below_.congested(); }
    void pause_reading(bool paused) override { below_.pause_reading(paused); }
    void close(std::uint16_t code, std::string_view reason) override { below_.close(code, reason); }

   private:
    Transport& below_;
  };

  Binary binary_;
  mqtt::Client client_;
};

}  // namespace parley::server
