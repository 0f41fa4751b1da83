#include "broker/net/loop.h"

#include <algorithm>
#include <cassert>
#include <ctime>
#include <iterator>
#include <utility>

#include "broker/base/log.h"
#include "broker/net/error.h"
#include "broker/net/handle.h"

namespace parley::net {

namespace {

constexpr std::size_t read_buffer_bytes = std::size_t{64} << 10U;
constexpr std::uint64_t probe_ms = 500;

// The loop that this thread is running.
thread_local Loop* running = nullptr;

template <typename UvHandle>
using LoopBox = HandleBox<UvHandle, Loop>;

template <typename UvHandle>
Loop* owner_of(UvHandle* handle) {
  return box_of<LoopBox<UvHandle>>(handle).owner();
}

template <typename UvHandle>
LoopBox<UvHandle>* make_box(Loop* loop) {
  auto* box = new LoopBox<UvHandle>;
  box->set_owner(loop);
  return box;
}

}  // namespace

Error uv_failure(std::string_view what, int uv_error) {
  return {Code::unavailable, std::string(what) + ": " + uv_strerror(uv_error)};
}

struct Loop::Handles {
  LoopBox<uv_async_t>* wake = nullptr;
  LoopBox<uv_timer_t>* probe = nullptr;
};

Loop::Loop() : uv_(std::make_unique<uv_loop_s>()), handles_(std::make_unique<Handles>()), read_buffer_(read_buffer_bytes) {
  uv_loop_t* const loop = uv_.get();
  [[maybe_unused]] int failed = uv_loop_init(loop);
  assert(failed == 0);

  handles_->wake = make_box<uv_async_t>(this);
  failed = uv_async_init(loop, &handles_->wake->handle, [](uv_async_t* handle) {
    if (Loop* self = owner_of(handle)) self->run_posted();
  });
  assert(failed == 0);

  streams_ = std::make_unique<StreamSet>(uv_backend_fd(loop));

  handles_->probe = make_box<uv_timer_t>(this);
  uv_timer_init(loop, &handles_->probe->handle);
  uv_timer_start(
      &handles_->probe->handle,
      [](uv_timer_t* handle) {
        if (Loop* self = owner_of(handle)) self->probe_lag();
      },
      probe_ms, probe_ms);
  uv_unref(handles_->probe->base());
}

Loop::~Loop() {
  {
    const std::lock_guard lock(mutex_);
    running_ = std::exchange(posted_, {});
  }
  running_.clear();
  hooks_.clear();
  empty_graveyard();
  close_box(handles_->wake);
  close_box(handles_->probe);
  uv_run(uv_.get(), UV_RUN_DEFAULT);
  {
    // What a pool job's answer posted or disposed of meanwhile.
    const std::lock_guard lock(mutex_);
    running_ = std::exchange(posted_, {});
  }
  running_.clear();
  empty_graveyard();
  uv_run(uv_.get(), UV_RUN_DEFAULT);
  const int failed = uv_loop_close(uv_.get());
  if (failed != 0) log::error("a handle was left open on a loop", {{"reason", uv_strerror(failed)}});
  assert(failed == 0);
}

void Loop::run() {
  uv_update_time(uv_.get());
  probe_due_us_ = 0;
  Loop* const outer = std::exchange(running, this);
  while (!stopping_.exchange(false)) run_turn();
  send_parcels();
  running = outer;
}

// libuv is a guest here, as its guide to embedding has it: we wait, for its events, its timers and our streams at once. It is run
// when it has something to do.
void Loop::run_turn() {
  uv_loop_t* const uv = uv_.get();
  uv_update_time(uv);  // the turn before took its time, by which a timer would be late
  const bool has_events = streams_->wait(uv_backend_timeout(uv));
  uv_update_time(uv);
  if (has_events || uv_backend_timeout(uv) == 0) uv_run(uv, UV_RUN_NOWAIT);
  streams_->tell();
  end_turn();
}

void Loop::stop() {
  stopping_.store(true);
  uv_async_send(&handles_->wake->handle);
}

void Loop::post(UniqueFunction<void()> task) {
  if (running != nullptr && running != this) {
    std::vector<Parcel>& parcels = running->parcels_;
    auto parcel = std::find_if(parcels.begin(), parcels.end(), [this](const Parcel& one) { return one.to == this; });
    if (parcel == parcels.end()) parcel = parcels.insert(parcel, {this, {}});
    parcel->tasks.push_back(std::move(task));
    running->posted_elsewhere_ = true;
    return;
  }
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    posted_.push_back(std::move(task));
  }
  if (first) uv_async_send(&handles_->wake->handle);
}

void Loop::accept(std::vector<UniqueFunction<void()>>& tasks) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    first = posted_.empty();
    if (first) {
      std::swap(posted_, tasks);
    } else {
      std::move(tasks.begin(), tasks.end(), std::back_inserter(posted_));
    }
  }
  tasks.clear();
  if (first) uv_async_send(&handles_->wake->handle);
}

void Loop::send_parcels() {
  if (!std::exchange(posted_elsewhere_, false)) return;
  for (Parcel& parcel : parcels_) {
    if (!parcel.tasks.empty()) parcel.to->accept(parcel.tasks);
  }
}

void Loop::run_posted() {
  {
    const std::lock_guard lock(mutex_);
    std::swap(running_, posted_);
  }
  for (UniqueFunction<void()>& task : running_) {
    task();
    task = nullptr;  // what it owns goes in order, too
  }
  running_.clear();
}

UnixMs Loop::unix_ms() const {
  const MonoMs turn = mono_ms();
  if (turn != unix_of_) {
    timespec now{};
    clock_gettime(CLOCK_REALTIME, &now);
    unix_ms_ = UnixMs{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
    unix_of_ = turn;
  }
  return unix_ms_;
}

MonoMs Loop::mono_ms() const { return static_cast<MonoMs>(uv_now(uv_.get())); }

std::int64_t Loop::now_us() { return static_cast<std::int64_t>(uv_hrtime() / 1000); }

Loop::HookId Loop::at_turn_end(UniqueFunction<void()> hook) {
  hooks_.push_back({next_hook_, std::move(hook)});
  return next_hook_++;
}

void Loop::remove_turn_end(HookId id) {
  // A hook may remove itself or another while hooks run: emptied here, erased at the end of the turn.
  for (Hook& hook : hooks_) {
    if (hook.id == id) hook.id = 0;
  }
}

void Loop::end_turn() {
  for (std::size_t i = 0; i < hooks_.size(); ++i) {
    if (hooks_[i].id != 0) hooks_[i].run();
  }
  std::erase_if(hooks_, [](const Hook& hook) { return hook.id == 0; });
  empty_graveyard();
  send_parcels();
}

void Loop::empty_graveyard() {
  while (!graveyard_.empty()) {
    for (const Grave& grave : std::exchange(graveyard_, {})) grave.destroy(grave.memory);
  }
}

void Loop::probe_lag() {
  const std::int64_t now = now_us();
  if (probe_due_us_ != 0) lag_ms_.store(std::max<std::int64_t>(0, now - probe_due_us_) / 1000, std::memory_order_relaxed);
  probe_due_us_ = now + static_cast<std::int64_t>(probe_ms) * 1000;
}

}  // namespace parley::net
