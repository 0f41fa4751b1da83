#include "http/authority.h"

#include <algorithm>

#include "http/text.h"

namespace parley::http {

namespace {

// Where ":port" begins, or the end.
std::size_t host_end(std::string_view text) {
  if (!text.empty() && text[0] == '[') {
    const std::size_t bracket = text.find(']');
    return bracket == std::string_view::npos ? text.size() : bracket + 1;
  }
  return std::min(text.find(':'), text.size());
}

bool is_port(std::string_view text) {
  if (!std::all_of(text.begin(), text.end(), is_digit)) return false;
  unsigned port = 0;
  for (const char c : text) {
    port = port * 10 + static_cast<unsigned>(c - '0');
    if (port > 65535) return false;
  }
  return true;
}

bool is_ip_literal(std::string_view host) {
  if (host.size() < 4 || host.back() != ']') return false;
  const std::string_view inner = host.substr(1, host.size() - 2);
  return inner.find(':') != std::string_view::npos &&
         std::all_of(inner.begin(), inner.end(), [](char c) { return hex_value(c) >= 0 || c == ':' || c == '.'; });
}

// RFC 3986 §3.2.2: unreserved, percent-encoded, sub-delims.
bool is_reg_name(std::string_view host) {
  for (std::size_t i = 0; i < host.size(); ++i) {
    const char c = host[i];
    if (c == '%') {
      if (i + 2 >= host.size() || hex_value(host[i + 1]) < 0 || hex_value(host[i + 2]) < 0) return false;
      i += 2;
      continue;
    }
    const bool alphanumeric = is_digit(c) || (to_lower(c) >= 'a' && to_lower(c) <= 'z');
    if (!alphanumeric && std::string_view("-._~!$&'()*+,;=").find(c) == std::string_view::npos) return false;
  }
  return !host.empty();
}

}  // namespace

bool is_authority(std::string_view text) {
  const std::size_t end = host_end(text);
  const std::string_view host = text.substr(0, end);
  const std::string_view port = text.substr(end);
  if (!port.empty() && (port[0] != ':' || !is_port(port.substr(1)))) return false;
  return !host.empty() && host[0] == '[' ? is_ip_literal(host) : is_reg_name(host);
}

std::string normalized_authority(std::string_view authority, std::string_view scheme) {
  const std::size_t end = host_end(authority);
  std::string out = lower(authority.substr(0, end));
  const std::string_view port = authority.substr(end);
  const bool tls = scheme == "https" || scheme == "wss";
  if (port.size() > 1 && port != (tls ? ":443" : ":80")) out += port;
  return out;
}

}  // namespace parley::http
