#pragma once

// One event loop: an Executor, a Clock, and the end of its turns. A turn is what runs between two waits for events.
//
// Threads: a loop belongs to the thread that calls run(). Only post(), stop() and lag_ms() may be called from others.

#include <atomic>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "broker/base/executor.h"
#include "broker/base/time.h"
#include "broker/net/stream_set.h"

struct uv_loop_s;

namespace parley::net {

class Loop final : public Executor, public Clock {
 public:
  Loop();
  // Drops waiting tasks, waits for pool jobs under way, and asserts that nobody left a handle open: everything made on the loop
  // must be gone.
  ~Loop() override;
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  // Runs turns until stop() is called. May be called again afterwards.
  void run();
  // Lets run() return at the end of the turn. Any thread.
  void stop();

  // What a turn of another loop posts leaves together at that turn's end: one lock and one wake-up, and the tasks arrive in one
  // turn of this loop.
  void post(UniqueFunction<void()> task) override;

  // Both stand still during a turn.
  UnixMs unix_ms() const override;
  MonoMs mono_ms() const override;
  // Now, to the microsecond, for measuring durations within a turn.
  static std::int64_t now_us();

  // Runs `hook` once at the end of every turn, in the order of registration, until removed (also by itself).
  using HookId = unsigned;
  HookId at_turn_end(UniqueFunction<void()> hook);
  void remove_turn_end(HookId id);

  // Destroys the object at the end of this turn: for what must not go beneath its own callbacks.
  template <typename T>
  void dispose(std::unique_ptr<T> object) {
    if (object) graveyard_.push_back({object.release(), [](void* memory) { delete static_cast<T*>(memory); }});
  }

  // How late the loop was for its last probe (every 500 ms), in ms: what a client waits before it is looked at. Any thread.
  MonoMs lag_ms() const { return lag_ms_.load(std::memory_order_relaxed); }

  // ---- for the rest of net/
  uv_loop_s* uv() { return uv_.get(); }
  StreamSet& streams() { return *streams_; }
  // What every read of a turn goes into; valid until the next read.
  std::span<char> read_buffer() { return read_buffer_; }

 private:
  struct Handles;
  struct Grave {
    void* memory;
    void (*destroy)(void*);
  };
  struct Hook {
    HookId id;
    UniqueFunction<void()> run;
  };

  // What this loop's turn has posted to another one.
  struct Parcel {
    Loop* to;
    std::vector<UniqueFunction<void()>> tasks;
  };

  void run_turn();
  void run_posted();
  void accept(std::vector<UniqueFunction<void()>>& tasks);
  void send_parcels();
  void end_turn();
  void empty_graveyard();
  void probe_lag();

  std::unique_ptr<uv_loop_s> uv_;
  std::unique_ptr<StreamSet> streams_;
  std::unique_ptr<Handles> handles_;
  std::vector<char> read_buffer_;
  std::vector<Hook> hooks_;
  HookId next_hook_ = 1;
  std::vector<Grave> graveyard_;
  std::vector<Parcel> parcels_;  // kept for the next turns, empty
  bool posted_elsewhere_ = false;

  std::mutex mutex_;  // guards posted_
  std::vector<UniqueFunction<void()>> posted_;
  std::vector<UniqueFunction<void()>> running_;
  std::atomic<bool> stopping_ = false;

  mutable MonoMs unix_of_ = -1;  // the turn that unix_ms_ was asked in
  mutable UnixMs unix_ms_ = 0;
  std::int64_t probe_due_us_ = 0;
  std::atomic<MonoMs> lag_ms_ = 0;
};

}  // namespace parley::net
