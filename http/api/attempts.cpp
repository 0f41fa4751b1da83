#include "http/api/attempts.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace parley::api {

bool Attempts::take(std::string_view key, MonoMs now) {
  if (settings_.burst == 0) return true;
  const double burst = settings_.burst;
  const auto found = buckets_.find(key);
  if (found == buckets_.end()) {
    if (buckets_.size() >= settings_.keys_max) {
      buckets_.erase(recent_.back().key);
      recent_.pop_back();
    }
    recent_.push_front({std::string(key), burst - 1, now});
    buckets_.emplace(recent_.front().key, recent_.begin());
    return true;
  }
  recent_.splice(recent_.begin(), recent_, found->second);
  Bucket& bucket = recent_.front();
  const double refilled = static_cast<double>(now - bucket.since) / static_cast<double>(settings_.refill_ms);
  bucket.left = std::min(burst, bucket.left + refilled);
  bucket.since = now;
  if (bucket.left < 1) return false;
  bucket.left -= 1;
  return true;
}

void Attempts::give_back(std::string_view key) {
  const auto found = buckets_.find(key);
  if (found == buckets_.end()) return;
  Bucket& bucket = *found->second;
  bucket.left = std::min(static_cast<double>(settings_.burst), bucket.left + 1);
}

std::string address_key(std::string_view address) {
  std::string text(address.substr(0, address.find('%')));  // without the zone
  in6_addr v6{};
  if (inet_pton(AF_INET6, text.c_str(), &v6) != 1) return text;
  if (IN6_IS_ADDR_V4MAPPED(&v6)) {
    char v4[INET_ADDRSTRLEN];
    in_addr mapped{};
    std::memcpy(&mapped, &v6.s6_addr[12], sizeof mapped);
    return inet_ntop(AF_INET, &mapped, v4, sizeof v4) == nullptr ? text : std::string(v4);
  }
  return std::string(reinterpret_cast<const char*>(v6.s6_addr), 8);
}

}  // namespace parley::api
