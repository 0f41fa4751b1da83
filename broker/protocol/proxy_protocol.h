#pragma once

// The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt): what a load balancer says about the client before the
// client's own bytes. Pure.

#include <optional>
#include <string>
#include <string_view>

#include "broker/base/result.h"

namespace parley {

struct ProxyHeader {
  std::size_t bytes = 0;  // the header's length; the client's bytes follow
  std::string source;     // the client's address; empty: the proxy speaks for itself (LOCAL, UNKNOWN), as in a health check
  bool secure = false;    // the client came over TLS (version 2, PP2_TYPE_SSL)
};

constexpr std::size_t proxy_header_bytes_max = 4096;

// Nothing yet: more bytes are needed. bad_request: no such header, or one that is malformed or too long.
Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view bytes);

}  // namespace parley
