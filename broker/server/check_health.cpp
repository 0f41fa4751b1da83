// `parley check-health`: a plain blocking HTTP client, for containers' health checks.

#include <sys/socket.h>
#include <sys/time.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <optional>

#include "broker/net/listen_socket.h"
#include "broker/net/tls_session.h"
#include "broker/server/server.h"
#include "broker/server/tls_files.h"

namespace parley::server {

namespace {

Result<std::string> get_readyz(net::Address address, bool tls) {
  if (address.host.empty()) address.host = "localhost";
  unsigned length = 0;
  Result<sockaddr_storage> resolved = net::resolve(address, length);
  if (!resolved) return resolved.error();
  const net::Descriptor socket(::socket(resolved->ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval limit = {.tv_sec = 5, .tv_usec = 0};
  setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  const auto failed = [&] { return Error{Code::unavailable, "no answer from " + address.text() + ": " + std::strerror(errno)}; };
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&*resolved), length) != 0) return failed();
  const std::string request = "GET /readyz HTTP/1.1\r\nHost: " + address.text() + "\r\nConnection: close\r\n\r\n";
  const auto send = [&](std::string_view bytes) {
    return ::send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
  };
  std::optional<net::TlsSession> session;
  if (tls) {
    session = net::TlsSession::to(*net::TlsContext::unverified(), address.host);
    if (Status begun = session->start(); !begun) return begun.error();
    if (Status asked = session->write(request); !asked) return asked.error();
  }
  if (!send(session ? session->output() : request)) return failed();
  std::string answer;
  char buffer[4096];
  ssize_t got = 0;
  while ((got = ::recv(socket.get(), buffer, sizeof buffer, 0)) > 0) {
    const std::string_view bytes(buffer, static_cast<std::size_t>(got));
    if (!session) {
      answer.append(bytes);
      continue;
    }
    if (Status fed = session->feed(bytes, answer); !fed) return fed.error();
    if (const std::string more = session->output(); !more.empty() && !send(more)) return failed();
  }
  if (got < 0) return failed();
  return answer;
}

}  // namespace

int check_health(const Config& config) {
  const Result<net::Address> address = net::Address::parse(config.metrics_listen.empty() ? config.listen : config.metrics_listen);
  const bool tls = config.metrics_listen.empty() ? http_over_tls(config) : config.tls_only;
  const Result<std::string> answer = address ? get_readyz(address.value(), tls) : Result<std::string>(address.error());
  if (!answer) {
    std::cerr << answer.error().message << '\n';
    return 1;
  }
  const std::string& text = answer.value();
  const std::size_t body = text.find("\r\n\r\n");
  if (body != std::string::npos) std::cout << text.substr(body + 4);
  return text.starts_with("HTTP/1.1 200 ") ? 0 : 1;
}

}  // namespace parley::server
