#pragma once

// The opening handshake of a WebSocket, server side (RFC 6455 §4.2), as a pure function. Extensions are never accepted.

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace parley::http {

struct UpgradeEndpoint {
  std::string path;
  std::vector<std::string> subprotocols;  // the server's preference first; of those offered, one must be here, else 400
  bool subprotocol_required = false;      // a client that offers none is refused, too (MQTT 5 §6, [MQTT-6.0.0-3])
};

struct UpgradeAnswer {
  bool accepted = false;
  std::string subprotocol;  // empty: the client offered none
  std::string bytes;        // of the 101 when accepted
  Response refusal;         // otherwise: 400, 403 (Origin), 405, 426 (no Upgrade, or another version than 13)
};

// Whether a browser page of this origin may connect (RFC 6455 §10.2). `allowed` empty: only pages from the host that the request
// names itself in Host;
// "*" among them: all. Without an Origin header field the client is no browser and is let in.
bool is_origin_allowed(const Request& request, const std::vector<std::string>& allowed);

UpgradeAnswer answer_upgrade(const Request& request, const UpgradeEndpoint& endpoint,
                             const std::vector<std::string>& allowed_origins);

// Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 §4.2.2).
std::string websocket_accept(std::string_view key);

}  // namespace parley::http
