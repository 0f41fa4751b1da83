#include "broker/server/mqtt_mode.h"

#include "broker/protocol/websocket_writer.h"

namespace parley::server {

void MqttHandler::Binary::send(Frame frame) {
  // A packet that many receivers share is wrapped once for all of them.
  below_.send(frame.wrapped([](std::string_view packets) { return websocket::encode(websocket::Opcode::binary, packets); }));
}

void MqttHandler::on_message(websocket::Opcode kind, std::string_view payload) {
  if (kind == websocket::Opcode::binary) return client_.on_bytes(payload);
  binary_.close(websocket::close_code::unsupported_data, "MQTT travels in binary messages");
}

}  // namespace parley::server
