#pragma once

// One accepted TCP connection: bytes in, frames out. It keeps no buffer of its own while nothing waits.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/frame.h"
#include "broker/net/loop.h"

namespace parley::net {

class TcpStream {
 public:
  // Whom it tells. Calls come from the loop, never from within a call of the stream's functions. The stream must live until the
  // call has returned (Loop::dispose).
  class Events {
   public:
    virtual ~Events() = default;
    // The view is into the loop's shared buffer: valid during the call.
    virtual void on_read(std::string_view bytes) = 0;
    // The peer has sent its last byte; writing still works.
    virtual void on_end() = 0;
    // Everything queued has gone to the kernel.
    virtual void on_drained() = 0;
    // The connection broke (reset, time-out of the kernel, a failed write). `reason` is the system's text. Nothing comes after
    // it.
    virtual void on_broken(std::string_view reason) = 0;
  };

  // Takes a connected, non-blocking descriptor. Sets TCP_NODELAY. Reading begins with resume().
  TcpStream(Loop& loop, int fd, Events& events);
  ~TcpStream();  // closes at once; frames still queued are dropped
  TcpStream(const TcpStream&) = delete;
  TcpStream& operator=(const TcpStream&) = delete;

  // Asks for bytes, or stops asking (the kernel's window then closes). Both may be called again and again.
  void resume();
  void pause();

  // Writes the frames in one gathered call at once and queues what the kernel does not take. After finish() or a break they are
  // dropped. False when the connection is broken: on_broken does not follow, the caller is told here.
  bool write(std::span<const Frame> frames);
  // Bytes that wait for the kernel; goes down whenever it takes some.
  std::size_t queued_bytes() const;

  // Sends a FIN after what is queued. The peer's bytes still come, so that the owner can read them away until on_end: closing
  // with unread bytes would reset the connection and destroy answers under way.
  void finish();
  // Closes with a reset instead of a FIN: for a peer that does not read.
  void reset();

  // The peer's address, as text; empty when it is gone.
  std::string peer() const;

 private:
  friend class StreamSet;
  // What the kernel did not take yet.
  struct Waiting {
    std::vector<Frame> frames;
    std::size_t first = 0;   // the frames before it have gone
    std::size_t offset = 0;  // what has gone of the first one
    std::size_t bytes = 0;
  };

  void ready(std::uint32_t events);
  void read_some();
  void write_waiting();
  std::size_t try_write(std::span<const Frame> frames, std::size_t& offset);
  bool watch();
  void broke();
  void shut_down();

  Loop* loop_;
  Events* events_;
  std::unique_ptr<Waiting> waiting_;
  int fd_;
  bool reading_ : 1 = false;
  bool finishing_ : 1 = false;
  bool broken_ : 1 = false;
  std::uint8_t watched_ = 0;  // EPOLLIN and EPOLLOUT, as the set knows it
};

}  // namespace parley::net
