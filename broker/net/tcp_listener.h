#pragma once

// Accepts connections of one listening socket on one loop.

#include <memory>

#include "broker/base/unique_function.h"
#include "broker/net/listen_socket.h"
#include "broker/net/loop.h"

namespace parley::net {

class TcpListener {
 public:
  // `accepted` is given a connected, non-blocking descriptor that it now owns.
  TcpListener(Loop& loop, ListenSocket socket, UniqueFunction<void(int fd)> accepted);
  // Connections that the kernel has accepted already are still handed over, so that none is reset because a server stops or a
  // worker ends.
  ~TcpListener();
  TcpListener(const TcpListener&) = delete;
  TcpListener& operator=(const TcpListener&) = delete;

  const Address& address() const { return address_; }
  // Connections turned away because the process had no descriptor left.
  std::uint64_t refused_no_descriptor() const { return refused_; }

 private:
  struct Box;
  struct Close {
    void operator()(Box* box) const;
  };
  void accept_waiting();
  void turn_one_away();

  std::unique_ptr<Box, Close> box_;
  Descriptor socket_;
  Descriptor
      spare_;  // given up for a moment to accept and close a connection when no descriptor is left: otherwise accept would spin
  Address address_;
  UniqueFunction<void(int fd)> accepted_;
  std::uint64_t refused_ = 0;
};

}  // namespace parley::net
