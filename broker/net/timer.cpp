#include "broker/net/timer.h"

#include "broker/net/handle.h"

namespace parley::net {

struct Timer::Box : HandleBox<uv_timer_t, Timer> {};
void Timer::Close::operator()(Box* box) const { close_box(box); }

Timer::Timer(Loop& loop) {
  auto* box = new Box;
  box->set_owner(this);
  uv_timer_init(loop.uv(), &box->handle);
  box_.reset(box);
}
Timer::~Timer() = default;

void Timer::once(MonoMs after_ms, UniqueFunction<void()> expired) { start(after_ms, 0, std::move(expired)); }
void Timer::every(MonoMs period_ms, UniqueFunction<void()> expired) { start(period_ms, period_ms, std::move(expired)); }

void Timer::start(MonoMs after_ms, MonoMs period_ms, UniqueFunction<void()> expired) {
  expired_ = std::make_shared<UniqueFunction<void()>>(std::move(expired));
  uv_timer_start(
      &box_->handle,
      [](uv_timer_t* handle) {
        Timer* self = box_of<Box>(handle).owner();
        if (self == nullptr) return;
        const auto callback = self->expired_;  // it may start or destroy the timer
        (*callback)();
      },
      static_cast<std::uint64_t>(after_ms), static_cast<std::uint64_t>(period_ms));
}

void Timer::stop() { uv_timer_stop(&box_->handle); }

}  // namespace parley::net
