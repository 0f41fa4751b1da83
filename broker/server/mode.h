#pragma once

// The two sides of a connection within the server: Wire is what a mode (HTTP, WebSocket) can do with the socket, Mode is what the
// socket tells it. All on the worker's loop.

#include <memory>
#include <string>
#include <string_view>

#include "broker/base/frame.h"
#include "broker/base/time.h"

namespace parley::server {

class Mode {
 public:
  virtual ~Mode() = default;
  // Valid during the call.
  virtual void on_bytes(std::string_view bytes) = 0;
  // The peer sends no more.
  virtual void on_end() = 0;
  // It was congested, and what waited has left.
  virtual void on_drained() = 0;
  // About every 250 ms.
  virtual void on_tick(MonoMs now) = 0;
  // The server stops: finish what is under way, then close.
  virtual void drain() = 0;
  // Asks the client to reconnect elsewhere after that many ms; a mode that cannot say so does nothing.
  virtual void goaway(MonoMs after_ms) = 0;
  // Whether nothing is under way that a client waits for.
  virtual bool settled() const = 0;
};

class Wire {
 public:
  virtual ~Wire() = default;
  // Leaves at the end of the turn. Ignored once finish() or cut_off() was called.
  virtual void send(Frame frame) = 0;
  // Whether more than the high-water mark waits unsent; on_drained follows.
  virtual bool congested() = 0;
  virtual void pause_reading(bool paused) = 0;
  virtual bool reading_paused() const = 0;
  // When a byte last came from the peer.
  virtual MonoMs last_byte() const = 0;
  // Sends what is queued and a FIN, reads away what still comes, then closes. The mode is told nothing any more.
  virtual void finish() = 0;
  // Closes at once with a reset.
  virtual void cut_off() = 0;
  // Another mode takes over, beginning with these bytes. The old one lives until the turn's end.
  virtual void become(std::unique_ptr<Mode> next, std::string_view bytes) = 0;
};

}  // namespace parley::server
