#include "broker/net/stream_set.h"

#include <unistd.h>

#include <cassert>
#include <cerrno>

#include "broker/net/tcp_stream.h"

namespace parley::net {

StreamSet::StreamSet(int libuv) : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;  // libuv's
  [[maybe_unused]] const int failed = ::epoll_ctl(fd_, EPOLL_CTL_ADD, libuv, &event);
  assert(failed == 0);
}

StreamSet::~StreamSet() {
  assert(streams_ == 0);
  ::close(fd_);
}

bool StreamSet::want(TcpStream& stream, int fd, std::uint32_t before, std::uint32_t wanted) {
  if (before == wanted) return true;
  epoll_event event{};
  event.events = wanted;
  event.data.ptr = &stream;
  const int operation = before == 0 ? EPOLL_CTL_ADD : wanted == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  if (::epoll_ctl(fd_, operation, fd, &event) != 0) return false;
  if (before == 0) ++streams_;
  if (wanted == 0) --streams_;
  return true;
}

void StreamSet::forget(const TcpStream& stream) {
  for (std::size_t i = told_; i < collected_; ++i) {
    if (events_[i].data.ptr == &stream) events_[i].events = 0;
  }
}

bool StreamSet::wait(int timeout_ms) {
  const int count = ::epoll_wait(fd_, events_.data(), events_max, timeout_ms);
  assert(count >= 0 || errno == EINTR);
  told_ = 0;
  collected_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  for (std::size_t i = 0; i < collected_; ++i) {
    if (events_[i].data.ptr != nullptr) continue;
    events_[i] = events_[--collected_];
    return true;
  }
  return false;
}

void StreamSet::tell() {
  while (told_ < collected_) {
    const epoll_event& event = events_[told_++];
    if (event.events != 0) static_cast<TcpStream*>(event.data.ptr)->ready(event.events);
  }
  collected_ = 0;
}

}  // namespace parley::net
