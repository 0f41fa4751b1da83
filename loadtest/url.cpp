#include "loadtest/url.h"

namespace parley::loadtest {

std::string_view to_string(Protocol protocol) {
  switch (protocol) {
    case Protocol::native:
      return "native";
    case Protocol::mqtt:
      return "mqtt";
    case Protocol::socketio:
      break;
  }
  return "socket.io";
}

namespace {

struct Scheme {
  std::string_view name;
  bool websocket;
  bool tls;
  std::string_view port;
};
constexpr Scheme schemes[] = {
    {"mqtt", false, false, "1883"},
    {"mqtts", false, true, "8883"},
    {"ws", true, false, "80"},
    {"wss", true, true, "443"},
};

Error unusable(std::string_view text) {
  return {Code::bad_request, "'" + std::string(text) +
                                 "' is no URL of a broker: write mqtt://HOST:PORT, mqtts://HOST:PORT, ws://HOST:PORT/ws, "
                                 "ws://HOST:PORT/mqtt or wss://…"};
}

}  // namespace

Result<Url> Url::parse(std::string_view text) {
  const std::size_t colon = text.find("://");
  if (colon == std::string_view::npos) return unusable(text);
  const std::string_view name = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 3);
  for (const Scheme& scheme : schemes) {
    if (scheme.name != name) continue;
    Url url;
    url.text = text;
    url.websocket = scheme.websocket;
    url.tls = scheme.tls;
    const std::size_t slash = rest.find('/');
    if (slash != std::string_view::npos) {
      url.path = rest.substr(slash);
      rest = rest.substr(0, slash);
    }
    std::string authority(rest);
    const std::size_t bracket = authority.rfind(']');
    if (authority.find(':', bracket == std::string::npos ? 0 : bracket) == std::string::npos) {
      authority += ":" + std::string(scheme.port);
    }
    Result<net::Address> address = net::Address::parse(authority);
    if (!address) return address.error();
    url.address = std::move(address).value();
    if (url.address.host.empty() || url.address.port == 0) return unusable(text);
    if (!url.websocket || url.path.starts_with("/mqtt")) url.protocol = Protocol::mqtt;
    if (url.websocket && url.path.starts_with("/socket.io")) {
      url.protocol = Protocol::socketio;
      if (url.path.find('?') == std::string::npos) url.path += "?EIO=4&transport=websocket";
    }
    return url;
  }
  return unusable(text);
}

}  // namespace parley::loadtest
