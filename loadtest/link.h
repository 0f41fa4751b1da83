#pragma once

// One connection to a broker: TCP, with TLS and WebSocket on it where the URL says so. Bytes out are collected and written once
// at the end of a turn of the loop.
//
// Threads: the loop's.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/net/loop.h"
#include "broker/net/tcp_stream.h"
#include "broker/net/tls_session.h"
#include "loadtest/carry.h"
#include "loadtest/websocket_scan.h"

struct sockaddr_storage;

namespace parley::loadtest {

class Link;

// What the links of one loop share: those that have something to write.
class LinkTurn {
 public:
  explicit LinkTurn(net::Loop& loop);
  ~LinkTurn();
  LinkTurn(const LinkTurn&) = delete;
  LinkTurn& operator=(const LinkTurn&) = delete;

  net::Loop& loop() { return loop_; }
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;

 private:
  friend class Link;
  void flush();

  net::Loop& loop_;
  net::Loop::HookId hook_;
  std::vector<Link*> dirty_;
};

struct LinkTarget {
  const sockaddr_storage* address = nullptr;
  unsigned address_bytes = 0;
  bool websocket = false;
  std::string authority;
  std::string path;
  std::string subprotocol;
  std::shared_ptr<const net::TlsContext> tls;  // null: without
  std::string host;                            // that the certificate must be made out to
};

class Link final : private net::TcpStream::Events {
 public:
  class Events {
   public:
    virtual ~Events() = default;
    // Connected, and upgraded where that is wanted.
    virtual void on_open() = 0;
    // TCP: the next bytes of the stream. WebSocket: one whole message. Valid during the call.
    virtual void on_bytes(std::string_view bytes) = 0;
    // It is over; not called after drop().
    virtual void on_closed(const std::string& reason) = 0;
  };

  Link(LinkTurn& turn, Events& events);
  ~Link() override;
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Only when there is no connection. A failure comes as on_closed, in a later turn.
  void open(const LinkTarget& target);
  bool is_open() const { return state_ == State::open; }
  bool is_idle() const { return state_ == State::none; }
  // Ends it at once, without a word. May be called from an event.
  void drop();
  // Stops reading: the peer sees a client that does not take what it is owed.
  void pause() {
    if (stream_) stream_->pause();
  }
  void resume() {
    if (stream_) stream_->resume();
  }

  // A piece of the stream, or one message (text: as a text message). Nothing happens when it is not open.
  void send(std::string_view bytes, bool text = false);

 private:
  friend class LinkTurn;
  enum class State : unsigned char { none, connecting, securing, upgrading, open };

  void on_read(std::string_view bytes) override;
  void on_end() override { ended("the server closed the connection"); }
  void on_drained() override {}
  void on_broken(std::string_view reason) override { ended(std::string(reason)); }

  // The connection stands, TLS included.
  void connected();
  void read_cipher(std::string_view bytes);
  void read_plain(std::string_view bytes);
  std::size_t read_upgrade(std::string_view bytes);
  std::size_t read_frames(std::string_view bytes);
  bool read_frame(const ServerFrame& frame);
  void ended(const std::string& reason);
  void queue();
  void write_out();

  LinkTurn& turn_;
  Events& events_;
  std::unique_ptr<net::TcpStream> stream_;
  Carry carry_;
  std::unique_ptr<std::string> fragments_;  // of a message in several frames
  std::string out_;
  std::string upgrade_;  // the request, until the connection stands
  std::unique_ptr<net::TlsSession> tls_;
  std::string close_reason_;
  unsigned life_ = 0;  // grows with every connection: tells a callback that its connection is over
  State state_ = State::none;
  bool websocket_ = false;
  bool queued_ = false;
};

}  // namespace parley::loadtest
