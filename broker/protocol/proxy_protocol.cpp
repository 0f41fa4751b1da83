#include "broker/protocol/proxy_protocol.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <vector>

namespace parley {

namespace {

using Parsed = Result<std::optional<ProxyHeader>>;

constexpr std::string_view v1_start = "PROXY ";
constexpr std::size_t v1_bytes_max = 107;
constexpr std::string_view v2_signature("\r\n\r\n\0\r\nQUIT\n", 12);

Error malformed(const char* what) { return {Code::bad_request, std::string("PROXY protocol: ") + what}; }

unsigned byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }
std::size_t number_at(std::string_view bytes, std::size_t i) { return byte_at(bytes, i) * 256U + byte_at(bytes, i + 1); }

bool is_address(int family, const std::string& text) {
  in6_addr scratch{};
  return inet_pton(family, text.c_str(), &scratch) == 1;
}

Parsed parse_v1(std::string_view bytes) {
  const std::size_t end = bytes.find("\r\n");
  if (end == std::string_view::npos) {
    if (bytes.size() >= v1_bytes_max) return malformed("a line of version 1 has at most 107 bytes");
    return std::optional<ProxyHeader>();
  }
  if (end + 2 > v1_bytes_max) return malformed("a line of version 1 has at most 107 bytes");
  std::vector<std::string> words;
  for (std::string_view rest = bytes.substr(0, end);;) {
    const std::size_t space = rest.find(' ');
    words.emplace_back(rest.substr(0, space));
    if (space == std::string_view::npos) break;
    rest.remove_prefix(space + 1);
  }
  ProxyHeader header;
  header.bytes = end + 2;
  if (words.size() >= 2 && words[1] == "UNKNOWN") return std::optional(header);
  if (words.size() != 6 || (words[1] != "TCP4" && words[1] != "TCP6")) return malformed("a line that is none of version 1");
  const int family = words[1] == "TCP4" ? AF_INET : AF_INET6;
  if (!is_address(family, words[2]) || !is_address(family, words[3])) return malformed("an address that is none");
  header.source = words[2];
  return std::optional(header);
}

// Whether the type-length-values name TLS: PP2_TYPE_SSL with the bit PP2_CLIENT_SSL.
bool names_tls(std::string_view values) {
  constexpr unsigned type_ssl = 0x20;
  while (values.size() >= 3) {
    const std::size_t length = number_at(values, 1);
    if (length > values.size() - 3) return false;
    if (byte_at(values, 0) == type_ssl && length >= 1 && (byte_at(values, 3) & 1U) != 0) return true;
    values.remove_prefix(3 + length);
  }
  return false;
}

Parsed parse_v2(std::string_view bytes) {
  if (bytes.size() < 16) return std::optional<ProxyHeader>();
  const unsigned command = byte_at(bytes, 12);
  if (command >> 4U != 2 || (command & 15U) > 1) return malformed("a version or command that is not known");
  const std::size_t length = number_at(bytes, 14);
  if (16 + length > proxy_header_bytes_max) return malformed("a header that is too long");
  if (bytes.size() < 16 + length) return std::optional<ProxyHeader>();
  ProxyHeader header;
  header.bytes = 16 + length;
  if ((command & 15U) == 0) return std::optional(header);
  const std::string_view body = bytes.substr(16, length);
  const unsigned family = byte_at(bytes, 13) >> 4U;
  if (family != 1 && family != 2) return std::optional(header);  // no address that we know
  const std::size_t size = family == 1 ? 4 : 16;
  const std::size_t addresses = 2 * size + 4;
  if (body.size() < addresses) return malformed("an address that is cut off");
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(family == 1 ? AF_INET : AF_INET6, body.data(), text.data(), text.size());
  header.source = text.data();
  header.secure = names_tls(body.substr(addresses));
  return std::optional(header);
}

bool begins_alike(std::string_view bytes, std::string_view start) {
  const std::size_t common = std::min(bytes.size(), start.size());
  return bytes.substr(0, common) == start.substr(0, common);
}

}  // namespace

Result<std::optional<ProxyHeader>> parse_proxy_header(std::string_view bytes) {
  if (begins_alike(bytes, v2_signature)) {
    return bytes.size() < v2_signature.size() ? Parsed(std::optional<ProxyHeader>()) : parse_v2(bytes);
  }
  if (begins_alike(bytes, v1_start)) {
    return bytes.size() < v1_start.size() ? Parsed(std::optional<ProxyHeader>()) : parse_v1(bytes);
  }
  return malformed("the connection does not begin with its header");
}

}  // namespace parley
