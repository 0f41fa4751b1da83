#pragma once

// Where a broker is and how it is spoken to.
//
//   mqtt://HOST:PORT   mqtts://   MQTT over TCP, over TLS
//   ws://HOST:PORT/ws  wss://     WebSocket; the path /mqtt means MQTT, /socket.io/ means Socket.IO, any other the native
//   protocol

#include <string>
#include <string_view>

#include "broker/base/result.h"
#include "broker/net/address.h"

namespace parley::loadtest {

enum class Protocol : unsigned char { native, mqtt, socketio };
std::string_view to_string(Protocol protocol);

struct Url {
  std::string text;
  bool websocket = false;
  bool tls = false;
  Protocol protocol = Protocol::native;
  net::Address address;
  std::string path = "/";

  // bad_request with what is wrong.
  static Result<Url> parse(std::string_view text);
  // "HOST:PORT", for a Host header.
  std::string authority() const { return address.text(); }
};

}  // namespace parley::loadtest
