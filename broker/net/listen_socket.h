#pragma once

// A listening socket, made before any loop runs so that what goes wrong is said at start-up.

#include <utility>

#include "broker/base/result.h"
#include "broker/net/address.h"

namespace parley::net {

// A descriptor that closes itself.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

struct ListenSocket {
  Descriptor descriptor;
  Address address;  // as bound, with the port that the system chose
};

// Whether somebody listens there already. Sockets with SO_REUSEPORT of two processes of one user would share the port without a
// word.
Status check_free(const Address& address);

struct ListenLimits {
  int backlog = 1024;  // connections that wait for accept (the system's net.core.somaxconn caps it)
  // Bytes that the kernel takes of each accepted connection ahead of what it can send (TCP_NOTSENT_LOWAT, which they inherit). By
  // itself it keeps megabytes for a peer that does not read. 0: as the system has it.
  int unsent_bytes = 0;
};

// Binds with SO_REUSEADDR and SO_REUSEPORT, so that every worker can have its own socket on the address, and listens: the kernel
// spreads connections over them.
// unavailable with what to do about it: port in use, no such address here, no right to bind a low port.
Result<ListenSocket> listen_on(const Address& address, ListenLimits limits);

}  // namespace parley::net
