#include "broker/server/mqtt_mode.h"

#include "broker/protocol/websocket_writer.h"

namespace parley::server {

void MqttHandler::Binary::send(Frame frame) { below_.send(websocket::encode(websocket::Opcode::binary, frame.bytes())); }

void MqttHandler::on_message(websocket::Opcode kind, std::string_view payload) {
  if (kind == websocket::Opcode::binary) return client_.on_bytes(payload);
  binary_.close(websocket::close_code::unsupported_data, "MQTT travels in binary messages");
}

}  // namespace parley::server
