#include "loadtest/socketio_client.h"

namespace parley::loadtest {

namespace {
// Engine.IO packet types, and those of Socket.IO within its messages.
constexpr std::string_view engine_open = "0{";
constexpr std::string_view engine_ping = "2";
constexpr std::string_view engine_pong = "3";
constexpr std::string_view connect = "40";
constexpr std::string_view message_start = R"(42["message",")";
constexpr std::string_view between = R"(",")";
constexpr std::string_view message_end = R"("])";
}  // namespace

void SocketIoClient::on_bytes(std::string_view text) {
  if (text.starts_with(message_start)) return read_message(text);
  if (text == engine_ping) return link_.send(engine_pong, true);
  if (text.starts_with(engine_open)) return link_.send(connect, true);
  if (text.starts_with(connect)) {
    // Joining is not answered: what is sent on this connection later comes behind it.
    for (const std::string& room : rooms_) link_.send(R"(42["join",")" + room + message_end.data(), true);
    return up();
  }
  if (text.starts_with("44")) return down("the server refused: " + std::string(text.substr(2)));
  if (text.starts_with("1") || text.starts_with("41")) return down("the server closed");
}

void SocketIoClient::read_message(std::string_view text) {
  text.remove_prefix(message_start.size());
  const std::size_t end = text.find('"');
  if (end == std::string_view::npos || text.substr(end, between.size()) != between || !text.ends_with(message_end)) {
    return events_.on_wrong(*this, "an event of another form: " + std::string(text.substr(0, 100)));
  }
  const std::size_t start = end + between.size();
  events_.on_arrival(*this, {text.substr(0, end), text.substr(start, text.size() - start - message_end.size()), 0, false, false});
}

void SocketIoClient::send_publish(const Outgoing& message, bool /*again*/) {
  std::string text(message_start);
  text.append(message.room).append(between);
  append_body(text, message);
  text.append(message_end);
  link_.send(text, true);
}

}  // namespace parley::loadtest
