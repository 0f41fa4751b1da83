#include "broker/net/tcp_stream.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "broker/base/log.h"
#include "broker/net/address.h"

namespace parley::net {

namespace {

// Frames of one gathered write; the kernel takes at most 1024 (IOV_MAX).
constexpr std::size_t gather_max = 64;

// Full buffers that one stream may fill in a turn, before others are looked at.
constexpr int reads_per_turn = 32;

// What the kernel takes at once of at most gather_max frames, the first one from `offset` on; below 0: errno says why.
ssize_t send_some(int fd, std::span<const Frame> frames, std::size_t offset) {
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  const std::string_view first = frames.front().bytes().substr(offset);
  if (frames.size() == 1) return ::send(fd, first.data(), first.size(), flags);
  std::array<iovec, gather_max> parts;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  parts[0] = {const_cast<char*>(first.data()), first.size()};
  for (std::size_t i = 1; i < frames.size(); ++i) parts[i] = {const_cast<char*>(frames[i].bytes().data()), frames[i].size()};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = frames.size();
  return ::sendmsg(fd, &message, flags);
}

bool would_block(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

TcpStream::TcpStream(Loop& loop, int fd, Events& events) : loop_(&loop), events_(&events), fd_(fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

TcpStream::~TcpStream() {
  loop_->streams().want(*this, fd_, watched_, 0);
  loop_->streams().forget(*this);
  ::close(fd_);
}

// Tells the set what the stream wants now. False when it broke of it.
bool TcpStream::watch() {
  const auto wanted = static_cast<std::uint8_t>((reading_ ? EPOLLIN : 0U) | (waiting_ && !broken_ ? EPOLLOUT : 0U));
  if (!loop_->streams().want(*this, fd_, watched_, wanted)) {
    log::error("a connection cannot be watched", {{"reason", uv_strerror(-errno)}});
    reading_ = false;
    broken_ = true;
    return false;
  }
  watched_ = wanted;
  return true;
}

void TcpStream::ready(std::uint32_t events) {
  constexpr std::uint32_t over = EPOLLERR | EPOLLHUP;
  if (reading_ && (events & (EPOLLIN | over)) != 0) read_some();
  if (waiting_ && !broken_ && (events & (EPOLLOUT | over)) != 0) write_waiting();
}

// ---- reading

void TcpStream::resume() {
  if (reading_ || broken_) return;
  reading_ = true;
  watch();
}

void TcpStream::pause() {
  if (!reading_) return;
  reading_ = false;
  watch();
}

void TcpStream::read_some() {
  const std::span<char> buffer = loop_->read_buffer();
  for (int i = 0; i < reads_per_turn && reading_; ++i) {
    const ssize_t count = ::recv(fd_, buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (count < 0) {
      if (errno == EINTR) continue;
      if (would_block(errno)) return;
      const int error = errno;
      broke();
      return events_->on_broken(uv_strerror(-error));
    }
    if (count == 0) {
      pause();
      return events_->on_end();
    }
    events_->on_read({buffer.data(), static_cast<std::size_t>(count)});
    if (static_cast<std::size_t>(count) < buffer.size()) return;
  }
}

// ---- writing

bool TcpStream::write(std::span<const Frame> frames) {
  if (broken_) return false;
  if (finishing_) return true;
  std::size_t offset = 0;  // of the first frame: what the kernel took of it
  if (!waiting_) frames = frames.subspan(try_write(frames, offset));
  if (broken_) return false;
  if (frames.empty()) return true;
  if (!waiting_) {
    waiting_ = std::make_unique<Waiting>();
    waiting_->offset = offset;
  }
  waiting_->frames.insert(waiting_->frames.end(), frames.begin(), frames.end());
  for (const Frame& frame : frames) waiting_->bytes += frame.size();
  waiting_->bytes -= offset;
  return watch();
}

// Answers how many frames have gone wholly; `offset` is what has gone of the one that follows them.
std::size_t TcpStream::try_write(std::span<const Frame> frames, std::size_t& offset) {
  std::size_t gone = 0;
  while (gone < frames.size()) {
    const std::size_t end = gone + std::min(frames.size() - gone, gather_max);
    const ssize_t taken = send_some(fd_, frames.subspan(gone, end - gone), offset);
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) {
      if (!would_block(errno) && errno != ENOBUFS) broke();
      return gone;
    }
    std::size_t left = offset + static_cast<std::size_t>(taken);
    while (gone < end && left >= frames[gone].size()) left -= frames[gone++].size();
    offset = left;
    if (gone != end) return gone;
  }
  return gone;
}

void TcpStream::write_waiting() {
  Waiting& waiting = *waiting_;
  const std::span<const Frame> frames = std::span<const Frame>(waiting.frames).subspan(waiting.first);
  std::size_t went = 0;
  const std::size_t offset = waiting.offset;
  const std::size_t gone = try_write(frames, waiting.offset);
  if (broken_) return events_->on_broken(uv_strerror(-errno));
  for (const Frame& frame : frames.first(gone)) went += frame.size();
  waiting.bytes -= went + waiting.offset - offset;
  waiting.first += gone;
  if (waiting.first < waiting.frames.size()) {
    // What has gone is let go, at a cost that stays below that of the writing.
    std::fill_n(waiting.frames.begin() + static_cast<std::ptrdiff_t>(waiting.first - gone), gone, Frame());
    if (waiting.first < waiting.frames.size() / 2) return;
    waiting.frames.erase(waiting.frames.begin(), waiting.frames.begin() + static_cast<std::ptrdiff_t>(waiting.first));
    waiting.first = 0;
    return;
  }
  waiting_.reset();
  watch();
  if (finishing_) return shut_down();
  events_->on_drained();
}

std::size_t TcpStream::queued_bytes() const { return waiting_ ? waiting_->bytes : 0; }

// ---- ending

void TcpStream::finish() {
  if (finishing_ || broken_) return;
  finishing_ = true;
  if (!waiting_) shut_down();
}

void TcpStream::shut_down() { ::shutdown(fd_, SHUT_WR); }

void TcpStream::reset() {
  if (broken_) return;
  broke();
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

// Nothing is read or written any more.
void TcpStream::broke() {
  const int error = errno;
  broken_ = true;
  reading_ = false;
  watch();
  errno = error;
}

std::string TcpStream::peer() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return address_of(address).host;
}

}  // namespace parley::net
