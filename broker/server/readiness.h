#pragma once

// Whether the process can serve, for /readyz. Any thread.

#include <atomic>
#include <string>

namespace parley::server {

struct Readiness {
  std::atomic<bool> draining = false;
  std::atomic<bool> storage = false;  // the last probe or commit went well

  bool ready() const { return !draining.load() && storage.load(); }
  // {"ready":true,"storage":"ok","draining":false}
  std::string json() const {
    return std::string("{\"ready\":") + (ready() ? "true" : "false") + ",\"storage\":\"" +
           (storage.load() ? "ok" : "unavailable") + "\",\"draining\":" + (draining.load() ? "true" : "false") + "}\n";
  }
};

}  // namespace parley::server
