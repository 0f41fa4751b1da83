#pragma once

// Topic filters as the broker takes them (MQTT 5 §4.7, §4.8.2): their grammar is protocol/mqtt/topic_syntax.h, their limits and
// what they match are here.

#include <cstddef>
#include <string_view>

#include "broker/base/result.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley {

// Limits of names and filters, share group included. The levels bound the depth of the subscription tree.
struct TopicLimits {
  std::size_t bytes_max = 512;
  unsigned levels_max = 32;
};

// Views into the text that was parsed.
struct TopicFilter {
  std::string_view group;   // of "$share/{group}/{filter}"; empty when it is not shared
  std::string_view filter;  // what names are matched with
  bool shared() const { return !group.empty(); }
};

// A filter of SUBSCRIBE or UNSUBSCRIBE. bad_request: it is not valid UTF-8, its wildcards are wrong, or a shared one has no
// proper group or filter; too_large: it is over a limit.
Result<TopicFilter> parse_topic_filter(std::string_view text, const TopicLimits& limits);

// What a filter matches.
using mqtt::topic_matches;

}  // namespace parley
