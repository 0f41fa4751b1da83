#pragma once

// Whether the process can serve, for /readyz. Any thread.

#include <atomic>
#include <string>

namespace parley::server {

struct Readiness {
  enum class Redis : unsigned char { off, away, ok };

  std::atomic<bool> draining = false;
  std::atomic<bool> storage = false;     // the last probe or commit went well
  std::atomic<bool> shared = false;      // other processes may write to the same storage
  std::atomic<bool> replicated = false;  // acknowledged means: on synchronous standbys too
  std::atomic<Redis> redis = Redis::off;
  std::atomic<std::int64_t> heads_age_ms = 0;   // since storage last told which rooms moved
  std::atomic<std::int64_t> in_doubt = 0;       // publishes whose commit was under way when storage was lost
  std::atomic<std::int64_t> lagging_rooms = 0;  // behind what is known to be committed

  bool ready() const { return !draining.load() && storage.load(); }
  // It serves, but not as it should.
  bool degraded() const { return !storage.load() || redis.load() == Redis::away; }
  // {"ready":true,"storage":"ok","durability":"local","redis":"off","degraded":false,"lag_ms":0,"draining":false}
  std::string json() const;
};

}  // namespace parley::server
