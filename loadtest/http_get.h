#pragma once

// A blocking HTTP/1.1 client for the little that is asked once, when no load runs any more.

#include <map>
#include <string>

#include "broker/base/result.h"
#include "broker/net/address.h"
#include "broker/net/listen_socket.h"

namespace parley::loadtest {

class HttpGet {
 public:
  // `token`: an access token, or none.
  HttpGet(net::Address address, std::string token) : address_(std::move(address)), token_(std::move(token)) {}

  struct Answer {
    int status = 0;
    std::string body;
  };
  // Keeps its connection from one to the next. unavailable when nothing, or nothing sensible, comes back within 10 s.
  Result<Answer> get(const std::string& target);

 private:
  Status connect();
  Result<Answer> exchange(const std::string& request);
  bool read_more(std::string& bytes);

  net::Address address_;
  std::string token_;
  net::Descriptor socket_;
};

// A room's name as one segment of a path.
std::string percent_encode(std::string_view text);

}  // namespace parley::loadtest
