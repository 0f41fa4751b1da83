#pragma once

// Where to listen or connect: "HOST:PORT".

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/base/result.h"

struct sockaddr_storage;

namespace parley::net {

struct Address {
  std::string host;  // an IPv4 or IPv6 address, or a name; empty: every address of this machine
  std::uint16_t port = 0;

  // "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080", "*:8080". Port 0 lets the system choose. bad_request with a
  // sentence.
  static Result<Address> parse(std::string_view text);
  std::string text() const;
};

// The socket address behind it; a name is looked up, which blocks: for start-up only. Its length comes in `length`.
Result<sockaddr_storage> resolve(const Address& address, unsigned& length);
// The numeric form, without an IPv4-mapped prefix: "192.0.2.1", "2001:db8::1".
Address address_of(const sockaddr_storage& socket_address);

}  // namespace parley::net
