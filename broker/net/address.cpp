#include "broker/net/address.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>

namespace parley::net {

Result<Address> Address::parse(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return Error{Code::bad_request, "\"" + std::string(text) + "\" is no HOST:PORT: " + std::string(why)};
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return bad("the port is missing");
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  Address address;
  const auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (failed != std::errc() || end != port.data() + port.size()) return bad("the port must be a number from 0 to 65535");
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return bad("an IPv6 address stands in brackets, [::1]:8080");
  }
  if (host != "*") address.host = host;
  return address;
}

std::string Address::text() const {
  const std::string name = host.empty() ? "*" : host.find(':') == std::string::npos ? host : "[" + host + "]";
  return name + ":" + std::to_string(port);
}

Result<sockaddr_storage> resolve(const Address& address, unsigned& length) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const std::string port = std::to_string(address.port);
  const char* const host = address.host.empty() ? nullptr : address.host.c_str();
  const int failed = getaddrinfo(host, port.c_str(), &hints, &found);
  if (failed != 0) return Error{Code::bad_request, "cannot find the address of " + address.host + ": " + gai_strerror(failed)};
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, &freeaddrinfo);
  // Every address: IPv6 takes IPv4 along, where the machine has it.
  for (const addrinfo* at = found; host == nullptr && at != nullptr; at = at->ai_next) {
    if (at->ai_family == AF_INET6) found = const_cast<addrinfo*>(at);
  }
  sockaddr_storage storage{};
  std::memcpy(&storage, found->ai_addr, found->ai_addrlen);
  length = found->ai_addrlen;
  return storage;
}

Address address_of(const sockaddr_storage& socket_address) {
  Address address;
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (socket_address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &socket_address, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
    address.port = ntohs(v4.sin_port);
  } else if (socket_address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &socket_address, sizeof v6);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text.data(), text.size());
    } else {
      inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
    }
    address.port = ntohs(v6.sin6_port);
  }
  address.host = text.data();
  return address;
}

}  // namespace parley::net
