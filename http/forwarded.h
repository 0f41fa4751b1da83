#pragma once

// Who the client is when trusted proxies stand before the server: X-Forwarded-For and X-Forwarded-Proto, or Forwarded (RFC 7239).
// Pure.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace parley::http {

// An IPv4 address stands as its mapped IPv6 one.
using IpAddress = std::array<std::uint8_t, 16>;
std::optional<IpAddress> parse_ip(std::string_view text);

// A network, "10.0.0.0/8", "fd00::/8", or one address.
class Cidr {
 public:
  static std::optional<Cidr> parse(std::string_view text);
  bool contains(const IpAddress& address) const;

 private:
  IpAddress address_{};
  unsigned bits_ = 0;
};

struct ForwardedPolicy {
  // Only one kind is believed, the one that the proxies set: a proxy that knows only the other kind passes this one on as the
  // client forged it.
  enum class Kind : unsigned char { x_forwarded, forwarded };
  std::vector<Cidr> trusted;  // empty: no header is believed
  Kind kind = Kind::x_forwarded;
};

// Whether the address is one of the trusted proxies'.
bool is_trusted(const ForwardedPolicy& policy, const std::string& address);

struct Client {
  std::string address;
  bool secure = false;
};

// Walks from the socket's peer towards the client for as long as the one that speaks is a trusted proxy. An element that is no
// address (RFC 7239 §6: "unknown", "_hidden") ends the walk at the proxy that wrote it.
Client resolve_client(const ForwardedPolicy& policy, const std::string& peer, bool secure, const Request& request);

}  // namespace parley::http
