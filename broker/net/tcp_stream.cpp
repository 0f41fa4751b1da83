#include "broker/net/tcp_stream.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "broker/net/address.h"
#include "broker/net/handle.h"

namespace parley::net {

namespace {

// Frames of one gathered write; the kernel takes at most 1024 (IOV_MAX).
constexpr std::size_t gather_max = 64;

uv_buf_t buffer_of(std::string_view bytes) {
  return uv_buf_init(const_cast<char*>(bytes.data()), static_cast<unsigned>(bytes.size()));
}

// What the kernel takes at once of at most gather_max frames; below 0: errno says why. Not uv_try_write: `send` costs the kernel
// less than the `write` that it makes, and the handle of each of a thousand receivers would have to be fetched from memory.
ssize_t send_some(int fd, std::span<const Frame> frames) {
  constexpr int flags = MSG_DONTWAIT | MSG_NOSIGNAL;
  if (frames.size() == 1) return ::send(fd, frames.front().bytes().data(), frames.front().size(), flags);
  std::array<iovec, gather_max> parts;  // NOLINT(cppcoreguidelines-pro-type-member-init): filled below
  for (std::size_t i = 0; i < frames.size(); ++i) parts[i] = {const_cast<char*>(frames[i].bytes().data()), frames[i].size()};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = frames.size();
  return ::sendmsg(fd, &message, flags);
}

}  // namespace

struct TcpStream::Box : HandleBox<uv_tcp_t, TcpStream> {
  uv_stream_t* stream() { return reinterpret_cast<uv_stream_t*>(&handle); }
};
void TcpStream::Close::operator()(Box* box) const { close_box(box); }

// Owns the frames that libuv writes: it outlives the stream.
struct TcpStream::WriteRequest {
  uv_write_t request{};
  std::vector<Frame> frames;
};

struct TcpStream::Callbacks {
  static void allocate(uv_handle_t* handle, std::size_t /*suggested*/, uv_buf_t* buffer) {
    TcpStream* self = box_of<Box>(handle).owner();
    if (self == nullptr) {
      *buffer = uv_buf_init(nullptr, 0);
      return;
    }
    const std::span<char> shared = self->loop_->read_buffer();
    *buffer = uv_buf_init(shared.data(), static_cast<unsigned>(shared.size()));
  }

  static void read(uv_stream_t* handle, ssize_t count, const uv_buf_t* buffer) {
    TcpStream* self = box_of<Box>(handle).owner();
    if (self == nullptr || count == 0) return;
    if (count > 0) {
      self->events_->on_read({buffer->base, static_cast<std::size_t>(count)});
    } else if (count == UV_EOF) {
      self->pause();
      self->events_->on_end();
    } else {
      self->broke();
      self->events_->on_broken(uv_strerror(static_cast<int>(count)));
    }
  }

  static void write(uv_write_t* request, int status) {
    const std::unique_ptr<WriteRequest> ended(static_cast<WriteRequest*>(request->data));
    TcpStream* self = box_of<Box>(request->handle).owner();
    if (self == nullptr) return;
    self->written(status);
  }

  static void shutdown(uv_shutdown_t* request, int /*status*/) { delete request; }
};

TcpStream::TcpStream(Loop& loop, int fd, Events& events) : loop_(&loop), events_(&events), fd_(fd) {
  auto* box = new Box;
  box->set_owner(this);
  uv_tcp_init(loop.uv(), &box->handle);
  box_.reset(box);
  if (uv_tcp_open(&box->handle, fd) != 0) {
    ::close(fd);
    broken_ = true;
    return;
  }
  uv_tcp_nodelay(&box->handle, 1);
}

TcpStream::~TcpStream() = default;

void TcpStream::resume() {
  if (reading_ || broken_) return;
  reading_ = uv_read_start(box_->stream(), &Callbacks::allocate, &Callbacks::read) == 0;
}

void TcpStream::pause() {
  if (!reading_) return;
  uv_read_stop(box_->stream());
  reading_ = false;
}

bool TcpStream::write(std::span<const Frame> frames) {
  if (broken_) return false;
  if (finishing_) return true;
  std::size_t offset = 0;  // of the first frame: what the kernel took of it
  if (!writing_) frames = frames.subspan(try_write(frames, offset));
  if (broken_) return false;
  if (frames.empty()) return true;
  if (!waiting_) waiting_ = std::make_unique<std::vector<Frame>>();
  for (const Frame& frame : frames) {
    waiting_bytes_ += frame.size() - offset;
    if (offset == 0) {
      waiting_->push_back(frame);
    } else {
      // A frame cut in its middle is queued as a copy of its rest: it happens once per congestion, and keeps the queue a list of
      // whole frames.
      waiting_->push_back(Frame::copy_of(frame.bytes().substr(offset)));
    }
    offset = 0;
  }
  if (!writing_) start_queued_write();
  return !broken_;
}

// Answers how many frames have gone wholly.
std::size_t TcpStream::try_write(std::span<const Frame> frames, std::size_t& first_offset) {
  std::size_t gone = 0;
  while (gone < frames.size()) {
    const std::size_t end = gone + std::min(frames.size() - gone, gather_max);
    const ssize_t taken = send_some(fd_, frames.subspan(gone, end - gone));
    if (taken < 0 && errno == EINTR) continue;
    if (taken < 0) {
      if (errno != EAGAIN && errno != EWOULDBLOCK && errno != ENOBUFS) broke();
      return gone;
    }
    auto left = static_cast<std::size_t>(taken);
    while (gone < end && left >= frames[gone].size()) left -= frames[gone++].size();
    if (gone == end) continue;
    first_offset = left;
    return gone;
  }
  return gone;
}

void TcpStream::start_queued_write() {
  auto request = std::make_unique<WriteRequest>();
  request->frames = std::move(*waiting_);
  waiting_.reset();
  waiting_bytes_ = 0;
  request->request.data = request.get();
  std::vector<uv_buf_t> buffers;
  buffers.reserve(request->frames.size());
  for (const Frame& frame : request->frames) buffers.push_back(buffer_of(frame.bytes()));
  const int failed =
      uv_write(&request->request, box_->stream(), buffers.data(), static_cast<unsigned>(buffers.size()), &Callbacks::write);
  if (failed != 0) return broke();
  writing_ = true;
  request.release();  // NOLINT(bugprone-unused-return-value): the callback takes it back
}

void TcpStream::written(int status) {
  writing_ = false;
  if (broken_) return;
  if (status == 0 && waiting_) start_queued_write();
  if (writing_) return;
  if (status != 0 || broken_) {
    broke();
    events_->on_broken(uv_strerror(status != 0 ? status : UV_EPIPE));
  } else if (finishing_) {
    shut_down();
  } else {
    events_->on_drained();
  }
}

std::size_t TcpStream::queued_bytes() const {
  return writing_ ? waiting_bytes_ + uv_stream_get_write_queue_size(box_->stream()) : waiting_bytes_;
}

void TcpStream::finish() {
  if (finishing_ || broken_) return;
  finishing_ = true;
  if (!writing_) shut_down();
}

void TcpStream::shut_down() {
  auto* request = new uv_shutdown_t;
  if (uv_shutdown(request, box_->stream(), &Callbacks::shutdown) != 0) delete request;
}

void TcpStream::reset() {
  if (broken_) return;
  broken_ = true;
  pause();
  uv_os_fd_t fd = -1;
  if (uv_fileno(box_->base(), &fd) != 0) return;
  const linger at_once = {.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

void TcpStream::broke() {
  broken_ = true;
  pause();
}

std::string TcpStream::peer() const {
  sockaddr_storage address{};
  int length = sizeof address;
  if (uv_tcp_getpeername(&box_->handle, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return address_of(address).host;
}

}  // namespace parley::net
