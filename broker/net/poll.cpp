#include "broker/net/poll.h"

#include "broker/net/handle.h"

namespace parley::net {

struct Poll::Box : HandleBox<uv_poll_t, Poll> {};
void Poll::Close::operator()(Box* box) const { close_box(box); }

Poll::Poll(Loop& loop, int fd, UniqueFunction<void(Ready)> ready)
    : ready_(std::make_shared<UniqueFunction<void(Ready)>>(std::move(ready))) {
  auto box = std::make_unique<Box>();
  box->set_owner(this);
  const int failed = uv_poll_init(loop.uv(), &box->handle, fd);
  if (failed == 0) {
    box_.reset(box.release());
  } else {
    // Reported like any other failure: by the callback, in a later turn.
    loop.post([ready = std::weak_ptr(ready_), failed] {
      if (const auto callback = ready.lock()) (*callback)({.error = -failed});
    });
  }
}
Poll::~Poll() = default;

void Poll::want(bool readable, bool writable) {
  if (!box_) return;
  if (!readable && !writable) {
    uv_poll_stop(&box_->handle);
    return;
  }
  const int events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
  uv_poll_start(&box_->handle, events, [](uv_poll_t* handle, int status, int got) {
    Poll* self = box_of<Box>(handle).owner();
    if (self == nullptr) return;
    const auto callback = self->ready_;  // it may destroy the Poll
    (*callback)({.readable = (got & UV_READABLE) != 0, .writable = (got & UV_WRITABLE) != 0, .error = status < 0 ? -status : 0});
  });
}

}  // namespace parley::net
