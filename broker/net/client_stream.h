#pragma once

// A connection that we make: looks the name up, tries its addresses, speaks TLS where wanted. Time-outs are the owner's.

#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "broker/net/address.h"
#include "broker/net/listen_socket.h"
#include "broker/net/poll.h"
#include "broker/net/pool.h"
#include "broker/net/tcp_stream.h"
#include "broker/net/tls_session.h"

struct sockaddr_storage;

namespace parley::net {

struct Endpoint {
  Address address;                        // a name or an address
  std::shared_ptr<const TlsContext> tls;  // null: plain
};

class ClientStream final : public TcpStream::Events {
 public:
  // Calls come from the loop, never from within a call of the stream's functions.
  class Events {
   public:
    virtual ~Events() = default;
    // Connected, TLS included.
    virtual void on_open() = 0;
    // Valid during the call.
    virtual void on_read(std::string_view bytes) = 0;
    // Failed, ended or broke; nothing comes after it.
    virtual void on_closed(const std::string& reason) = 0;
  };

  // Begins at once. `attempt` says with which of a name's addresses: count it up, and one that does not answer is passed over.
  ClientStream(Loop& loop, Endpoint endpoint, unsigned attempt, Events& events);
  ~ClientStream() override;
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  void write(std::string_view bytes);
  std::size_t queued_bytes() const { return stream_ ? stream_->queued_bytes() : 0; }
  // No event comes any more; then it may be given to Loop::dispose from within an event.
  void abandon() { closed_ = true; }

 private:
  using SocketAddress = std::pair<std::shared_ptr<sockaddr_storage>, unsigned>;
  void looked_up(Result<std::deque<SocketAddress>> addresses, unsigned attempt);
  void try_next(std::string why);
  void connected(int error);
  void opened();
  void close(const std::string& reason);
  void flush_tls();
  void send(std::string_view bytes);

  // TcpStream::Events
  void on_read(std::string_view bytes) override;
  void on_end() override { close("the peer ended the connection"); }
  void on_drained() override {}
  void on_broken(std::string_view reason) override { close(std::string(reason)); }

  Loop& loop_;
  Endpoint endpoint_;
  Events& events_;
  Job look_up_;
  std::deque<SocketAddress> addresses_;
  Descriptor connecting_;
  std::unique_ptr<Poll> poll_;
  std::unique_ptr<TcpStream> stream_;
  std::optional<TlsSession> tls_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool open_ = false;
  bool closed_ = false;
};

}  // namespace parley::net
