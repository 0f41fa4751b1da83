#include "broker/net/signal_watcher.h"

#include <csignal>

#include "broker/net/handle.h"

namespace parley::net {

struct SignalWatcher::Box : HandleBox<uv_signal_t, SignalWatcher> {};
void SignalWatcher::Close::operator()(Box* box) const { close_box(box); }

SignalWatcher::SignalWatcher(Loop& loop, int signal_number, UniqueFunction<void()> arrived) : arrived_(std::move(arrived)) {
  auto* box = new Box;
  box->set_owner(this);
  uv_signal_init(loop.uv(), &box->handle);
  box_.reset(box);
  uv_signal_start(
      &box->handle,
      [](uv_signal_t* handle, int /*number*/) {
        SignalWatcher* self = box_of<Box>(handle).owner();
        if (self != nullptr) self->arrived_();
      },
      signal_number);
}
SignalWatcher::~SignalWatcher() = default;

void ignore_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace parley::net
