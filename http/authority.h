#pragma once

// "host[:port]" as in the Host header field and in targets (RFC 3986 §3.2, RFC 9110 §4.2, §7.2).

#include <string>
#include <string_view>

namespace parley::http {

// host [":" port] with a host that is not empty; no userinfo, no path. The host is a name, an IPv4 address or a bracketed IPv6
// one.
bool is_authority(std::string_view text);
// In lower case, without a port that is empty or the scheme's default ("http"/"ws" 80, "https"/"wss" 443).
std::string normalized_authority(std::string_view authority, std::string_view scheme);

}  // namespace parley::http
