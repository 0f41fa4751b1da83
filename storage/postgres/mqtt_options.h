#pragma once

// A subscription's options as one number, as they are stored.

#include "storage/mqtt_store.h"

namespace parley::postgres {

constexpr int option_no_local = 1;
constexpr int option_retain_as_published = 2;
constexpr int option_meta = 4;
constexpr int options_per_retain_handling = 16;

inline int options_of(const MqttSubscription& subscription) {
  return (subscription.no_local ? option_no_local : 0) + (subscription.retain_as_published ? option_retain_as_published : 0) +
         (subscription.meta ? option_meta : 0) + options_per_retain_handling * static_cast<int>(subscription.retain_handling);
}

inline void read_options(int options, MqttSubscription& subscription) {
  const auto bits = static_cast<unsigned>(options);
  subscription.no_local = (bits & option_no_local) != 0;
  subscription.retain_as_published = (bits & option_retain_as_published) != 0;
  subscription.meta = (bits & option_meta) != 0;
  subscription.retain_handling = static_cast<mqtt::RetainHandling>(options / options_per_retain_handling);
}

}  // namespace parley::postgres
