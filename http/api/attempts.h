#pragma once

// Limits on attempts per key (a name, an address): token buckets in bounded memory. One thread; time is handed in.

#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/base/time.h"

namespace parley::api {

struct AttemptSettings {
  unsigned burst = 10;            // attempts that a fresh key has; 0: no limit
  MonoMs refill_ms = 6'000;       // time after which one attempt comes back
  std::size_t keys_max = 10'000;  // above: the key that was used longest ago is forgotten
};

class Attempts {
 public:
  explicit Attempts(AttemptSettings settings) : settings_(settings) {}

  // Takes one attempt; false when none is left. Taken before the outcome is known, so that many at once count too.
  bool take(std::string_view key, MonoMs now);
  // The attempt succeeded after all, or was not carried out.
  void give_back(std::string_view key);

  std::size_t keys() const { return buckets_.size(); }

 private:
  struct Bucket {
    std::string key;
    double left = 0;
    MonoMs since = 0;
  };
  AttemptSettings settings_;
  std::list<Bucket> recent_;                                                   // the most recently used first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> buckets_;  // keys view into recent_
};

// What stands for a client's address: an IPv6 address counts as its /64 network, since whoever has one has all of it.
std::string address_key(std::string_view address);

}  // namespace parley::api
