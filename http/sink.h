#pragma once

// The two sides of a connection: the socket's owner below it, the application above it. Both are called on the connection's own
// thread, from inside its methods and from inside a Responder; neither may destroy the connection there (mark it, and destroy it
// at the end of the turn).

#include <memory>
#include <optional>
#include <string>

#include "http/message.h"
#include "http/upgrade.h"

namespace parley::http {

enum class Closing : unsigned char {
  // Once everything written has left.
  after_flush,
  // The peer may still be sending, and closing a socket with unread bytes resets it, which can destroy the answer on its way (RFC
  // 9112 §9.6). So:
  // flush, shut down the sending side, read and discard until the peer closes, Settings::linger_bytes_max have come or
  // linger_ms_max have passed; then close.
  lingering,
  // At once, whatever still waits to be written: the peer does not read.
  at_once,
};

class Sink {
 public:
  virtual ~Sink() = default;
  virtual void write(std::string bytes) = 0;
  // The same bytes may be under way on many connections; nobody copies them.
  virtual void write(std::shared_ptr<const std::string> bytes) = 0;
  // Back-pressure: whether the socket should be read from. Called on changes; it begins as true.
  virtual void read_wanted(bool wanted) = 0;
  // The last call, once.
  virtual void close(Closing how) = 0;
  // The 101 is written and the connection is through with the socket: fetch take_rest() and let the new protocol's codec take
  // over.
  virtual void switched(Request request, std::string subprotocol) = 0;
};

class Application {
 public:
  virtual ~Application() = default;
  virtual void handle(Request request, Responder respond) = 0;
  // Asked when a client waits for "100 Continue": an answer given here is sent instead, and the body is not read.
  virtual std::optional<Response> refuse_early(const Request& request) {
    static_cast<void>(request);
    return std::nullopt;
  }
  // Asked for every request: none when its path is no upgrade endpoint.
  virtual std::optional<UpgradeAnswer> upgrade(const Request& request) {
    static_cast<void>(request);
    return std::nullopt;
  }
};

}  // namespace parley::http
