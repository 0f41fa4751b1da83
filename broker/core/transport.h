#pragma once

// A session's way out to its client. Implemented by server/ over a socket and by a fake in tests.

#include <cstdint>
#include <string_view>

#include "broker/base/frame.h"

namespace parley {

class Transport {
 public:
  virtual ~Transport() = default;
  // Queues encoded bytes; they leave at the end of the turn, in order. Ignored after close.
  virtual void send(Frame frame) = 0;
  // Whether more than the high-water mark waits unsent: senders of entries stop until on_drained, senders of signals drop.
  virtual bool congested() const = 0;
  // Stops reading from the client, or goes on; what was read already still arrives. For a client with too much under way.
  virtual void pause_reading(bool paused) = 0;
  // Sends what is queued, then a WebSocket close frame with that code (RFC 6455 §7.4), then closes. The session gets no more
  // calls but on_closed, later.
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
};

}  // namespace parley
