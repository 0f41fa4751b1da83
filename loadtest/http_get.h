#pragma once

// A blocking HTTP/1.1 client for the little that is asked once, when no load runs any more.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "broker/base/result.h"
#include "broker/net/address.h"
#include "broker/net/listen_socket.h"
#include "broker/net/tls_session.h"

namespace parley::loadtest {

class HttpGet {
 public:
  // `token`: an access token, or none. `tls`: null for HTTP without.
  HttpGet(net::Address address, std::string token, std::shared_ptr<const net::TlsContext> tls = nullptr)
      : address_(std::move(address)), token_(std::move(token)), context_(std::move(tls)) {}

  struct Answer {
    int status = 0;
    std::string body;
  };
  // Keeps its connection from one to the next. unavailable when nothing, or nothing sensible, comes back within 10 s.
  Result<Answer> get(const std::string& target);

 private:
  Status connect();
  Result<Answer> exchange(const std::string& request);
  bool send_all(const std::string& bytes);
  bool read_more(std::string& bytes);

  net::Address address_;
  std::string token_;
  std::shared_ptr<const net::TlsContext> context_;
  net::Descriptor socket_;
  std::optional<net::TlsSession> tls_;
};

// A room's name as one segment of a path.
std::string percent_encode(std::string_view text);

}  // namespace parley::loadtest
