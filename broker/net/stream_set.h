#pragma once

// Readiness of a loop's streams, in an epoll set of the loop's own beside libuv's: a stream then needs none of libuv's handles
// (248 bytes each), and is found by its address. libuv's set is one of the descriptors watched.
//
// Threads: the loop's only.

#include <array>
#include <cstddef>
#include <cstdint>

#include <sys/epoll.h>

namespace parley::net {

class TcpStream;

class StreamSet {
 public:
  // `libuv` is the descriptor of libuv's set. It stays its owner's.
  explicit StreamSet(int libuv);
  ~StreamSet();  // asserts that no stream is left
  StreamSet(const StreamSet&) = delete;
  StreamSet& operator=(const StreamSet&) = delete;

  // What a stream wants to be told of, a set of EPOLLIN and EPOLLOUT, level-triggered; `before` is what it wanted until now.
  // Breaks and hang-ups are told as long as it wants anything. False when the kernel refuses (errno says why).
  bool want(TcpStream& stream, int fd, std::uint32_t before, std::uint32_t wanted);
  // The stream goes: nothing of what has been collected reaches it. It wants nothing any more.
  void forget(const TcpStream& stream);

  // Waits for events for at most that long (-1: for ever) and collects them. True when libuv has some.
  bool wait(int timeout_ms);
  // Tells the streams (TcpStream::ready) what was collected.
  void tell();

 private:
  // At most so many events of a turn; the rest comes with the next one.
  static constexpr std::size_t events_max = 1024;

  int fd_;
  std::size_t streams_ = 0;
  std::size_t collected_ = 0;
  std::size_t told_ = 0;
  std::array<epoll_event, events_max> events_{};
};

}  // namespace parley::net
