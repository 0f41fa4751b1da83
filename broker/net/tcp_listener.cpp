#include "broker/net/tcp_listener.h"

#include <fcntl.h>
#include <sys/socket.h>

#include <cerrno>

#include "broker/net/handle.h"

namespace parley::net {

namespace {

// Connections accepted in one go, so that a rush does not keep the loop from those who are in.
constexpr int accepts_per_turn = 64;

Descriptor open_spare() { return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

}  // namespace

// The socket is polled and accepted from here rather than through uv_listen: libuv 1.44 sleeps after every accept, has its own
// opinion about descriptors running out, and cannot be asked for what still waits when it closes.
struct TcpListener::Box : HandleBox<uv_poll_t, TcpListener> {};
void TcpListener::Close::operator()(Box* box) const { close_box(box); }

TcpListener::TcpListener(Loop& loop, ListenSocket socket, UniqueFunction<void(int fd)> accepted)
    : socket_(std::move(socket.descriptor)),
      spare_(open_spare()),
      address_(std::move(socket.address)),
      accepted_(std::move(accepted)) {
  auto* box = new Box;
  box->set_owner(this);
  uv_poll_init(loop.uv(), &box->handle, socket_.get());
  box_.reset(box);
  uv_poll_start(&box->handle, UV_READABLE, [](uv_poll_t* handle, int /*status*/, int /*events*/) {
    if (TcpListener* self = box_of<Box>(handle).owner()) self->accept_waiting();
  });
}

TcpListener::~TcpListener() {
  for (;;) {
    const int fd = ::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      accepted_(fd);
    } else if (errno != EINTR && errno != ECONNABORTED) {
      break;
    }
  }
  uv_poll_stop(&box_->handle);
}

void TcpListener::accept_waiting() {
  for (int i = 0; i < accepts_per_turn; ++i) {
    const int fd = ::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      accepted_(fd);
      continue;
    }
    if (errno == EINTR || errno == ECONNABORTED) continue;
    if (errno == EMFILE || errno == ENFILE) turn_one_away();
    return;
  }
}

void TcpListener::turn_one_away() {
  spare_ = Descriptor();
  {
    const Descriptor turned_away(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    if (turned_away.get() >= 0) ++refused_;
  }
  spare_ = open_spare();
}

}  // namespace parley::net
