#include "http/forwarded.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "http/text.h"

namespace parley::http {

namespace {

struct Hop {
  std::string address;
  std::string proto;
};

std::string unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') return std::string(text);
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

// "192.0.2.1:80", "[2001:db8::1]:80" and "[2001:db8::1]" without brackets and port.
std::string without_port(std::string_view node) {
  if (!node.empty() && node[0] == '[') return std::string(node.substr(1, node.find(']') - 1));
  const std::size_t colon = node.find(':');
  if (colon == std::string_view::npos || node.find(':', colon + 1) != std::string_view::npos) return std::string(node);
  return std::string(node.substr(0, colon));
}

std::vector<Hop> forwarded_hops(const Request& request) {
  std::vector<Hop> hops;
  const std::string joined = request.header_list("forwarded");
  std::string_view list = joined;
  for (std::string_view element; next_element(list, element);) {
    Hop& hop = hops.emplace_back();
    for (std::string_view pair; next_element(element, pair, ';');) {
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos) continue;
      const std::string_view name = trim(pair.substr(0, equals));
      const std::string value = unquote(trim(pair.substr(equals + 1)));
      if (equals_ignoring_case(name, "for")) hop.address = without_port(value);
      if (equals_ignoring_case(name, "proto")) hop.proto = value;
    }
  }
  return hops;
}

std::vector<Hop> x_forwarded_hops(const Request& request) {
  std::vector<Hop> hops;
  const std::string addresses = request.header_list("x-forwarded-for");
  std::string_view list = addresses;
  for (std::string_view element; next_element(list, element);) hops.push_back({without_port(element), {}});
  std::vector<std::string> protos;
  const std::string joined = request.header_list("x-forwarded-proto");
  list = joined;
  for (std::string_view element; next_element(list, element);) protos.emplace_back(element);
  if (protos.empty()) return hops;
  if (hops.empty()) hops.emplace_back();
  // One scheme for each address, or one that the nearest proxy vouches for.
  for (std::size_t i = 0; i < hops.size(); ++i) hops[i].proto = protos.size() == hops.size() ? protos[i] : protos.back();
  return hops;
}

}  // namespace

std::optional<IpAddress> parse_ip(std::string_view text) {
  const std::string copy(text);
  IpAddress out{};
  if (inet_pton(AF_INET6, copy.c_str(), out.data()) == 1) return out;
  out = IpAddress{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, copy.c_str(), out.data() + 12) == 1) return out;
  return std::nullopt;
}

std::optional<Cidr> Cidr::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string_view host = text.substr(0, slash);
  const std::optional<IpAddress> address = parse_ip(host);
  if (!address) return std::nullopt;
  const unsigned offset = host.find(':') == std::string_view::npos ? 96 : 0;
  Cidr out;
  out.address_ = *address;
  out.bits_ = 128;
  if (slash == std::string_view::npos) return out;
  const std::string_view digits = text.substr(slash + 1);
  if (digits.empty() || digits.size() > 3 || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
  unsigned bits = 0;
  for (const char c : digits) bits = bits * 10 + static_cast<unsigned>(c - '0');
  if (bits + offset > 128) return std::nullopt;
  out.bits_ = bits + offset;
  return out;
}

bool Cidr::contains(const IpAddress& address) const {
  const unsigned whole = bits_ / 8;
  if (!std::equal(address.begin(), address.begin() + whole, address_.begin())) return false;
  const unsigned left = bits_ % 8;
  return left == 0 || (address[whole] ^ address_[whole]) >> (8 - left) == 0;
}

bool is_trusted(const ForwardedPolicy& policy, const std::string& address) {
  const std::optional<IpAddress> ip = parse_ip(address);
  return ip && std::any_of(policy.trusted.begin(), policy.trusted.end(), [&](const Cidr& cidr) { return cidr.contains(*ip); });
}

Client resolve_client(const ForwardedPolicy& policy, const std::string& peer, bool secure, const Request& request) {
  Client client{peer, secure};
  if (policy.trusted.empty()) return client;
  std::vector<Hop> hops = policy.kind == ForwardedPolicy::Kind::forwarded ? forwarded_hops(request) : x_forwarded_hops(request);
  while (!hops.empty() && is_trusted(policy, client.address)) {
    const Hop hop = std::move(hops.back());
    hops.pop_back();
    if (!hop.proto.empty()) client.secure = equals_ignoring_case(hop.proto, "https") || equals_ignoring_case(hop.proto, "wss");
    if (!parse_ip(hop.address)) break;
    client.address = hop.address;
  }
  return client;
}

}  // namespace parley::http
