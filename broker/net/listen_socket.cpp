#include "broker/net/listen_socket.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace parley::net {

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

namespace {

Error listen_failure(const Address& address, int error_number) {
  std::string advice = std::strerror(error_number);
  if (error_number == EADDRINUSE) advice = "the port is in use; stop the other process or choose another port with --listen";
  if (error_number == EACCES) advice = "no right to use this port; choose one above 1023, or grant CAP_NET_BIND_SERVICE";
  if (error_number == EADDRNOTAVAIL) advice = "this machine has no such address";
  return {Code::unavailable, "cannot listen on " + address.text() + ": " + advice};
}

Result<Descriptor> bound_socket(const Address& address, bool reuse_port) {
  unsigned length = 0;
  Result<sockaddr_storage> resolved = resolve(address, length);
  if (!resolved) return resolved.error();
  Descriptor descriptor(::socket(resolved->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (descriptor.get() < 0) return listen_failure(address, errno);
  const int on = 1;
  const int off = 0;
  setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (reuse_port) setsockopt(descriptor.get(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  if (resolved->ss_family == AF_INET6) setsockopt(descriptor.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (::bind(descriptor.get(), reinterpret_cast<const sockaddr*>(&*resolved), length) != 0) return listen_failure(address, errno);
  return descriptor;
}

}  // namespace

Status check_free(const Address& address) {
  if (address.port == 0) return ok_status();
  Result<Descriptor> probe = bound_socket(address, false);
  if (!probe) return probe.error();
  return ok_status();
}

Result<ListenSocket> listen_on(const Address& address, ListenLimits limits) {
  Result<Descriptor> descriptor = bound_socket(address, true);
  if (!descriptor) return descriptor.error();
  if (limits.unsent_bytes > 0)
    setsockopt(descriptor->get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &limits.unsent_bytes, sizeof limits.unsent_bytes);
  if (::listen(descriptor->get(), limits.backlog) != 0) return listen_failure(address, errno);
  sockaddr_storage bound{};
  socklen_t length = sizeof bound;
  if (::getsockname(descriptor->get(), reinterpret_cast<sockaddr*>(&bound), &length) != 0) return listen_failure(address, errno);
  return ListenSocket{std::move(*descriptor), address_of(bound)};
}

}  // namespace parley::net
