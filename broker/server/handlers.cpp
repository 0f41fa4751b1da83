#include "broker/server/handlers.h"

#include "broker/protocol/websocket_writer.h"

namespace parley::server {

void EchoHandler::on_message(websocket::Opcode kind, std::string_view payload) {
  transport_.send(websocket::encode(kind, payload));
  if (transport_.congested()) transport_.pause_reading(true);
}

RefusingHandler::RefusingHandler(Transport& transport) {
  transport.close(websocket::close_code::try_again_later, "too many connections");
}

void NativeHandler::on_message(websocket::Opcode kind, std::string_view payload) {
  if (kind == websocket::Opcode::text) return session_.on_text(payload);
  transport_.close(websocket::close_code::unsupported_data, "the native protocol is text");
}

}  // namespace parley::server
