#pragma once

// The grammar of topic names and filters (MQTT 5 §4.7, §4.8.2; MQTT 3.1.1 §4.7). Nothing is normalized: names are bytes.
// These functions look at wildcards and length only; that the bytes are UTF-8 without U+0000 is checked where strings are read.

#include <string_view>

namespace parley::mqtt {

// 1 to 65,535 bytes without '+' and '#' [MQTT5-4.7.0-1] [MQTT5-4.7.3-1] [MQTT5-4.7.3-3].
bool is_topic_name(std::string_view text);

// 1 to 65,535 bytes; '#' alone in the last level, '+' alone in any [MQTT5-4.7.1-1] [MQTT5-4.7.1-2].
bool is_topic_filter(std::string_view text);

// "$share/…" (MQTT 5 §4.8.2). 3.1.1 knows no such thing, but servers take it from its clients as well.
struct SharedFilter {
  std::string_view group;   // the ShareName
  std::string_view filter;  // what is matched
};
constexpr std::string_view share_prefix = "$share/";
inline bool is_shared(std::string_view filter) { return filter.substr(0, share_prefix.size()) == share_prefix; }
// Takes a filter that is_shared() apart. False when the group is empty or has a wildcard, or when no valid filter follows
// [MQTT5-4.8.2-1] [MQTT5-4.8.2-2].
bool parse_shared(std::string_view text, SharedFilter& out);

// Whether the name, a valid one, matches the filter, a valid one and not shared; byte by byte [MQTT5-4.7.3-4]. A wildcard in the
// first level matches no name that begins with '$' [MQTT5-4.7.2-1].
bool topic_matches(std::string_view filter, std::string_view name);

// What every name begins with that the filter, a valid one and not shared, can match: the filter up to the first wildcard. All of
// the filter when it has none. ("a/#" matches "a" too, so its slash is not part of it.)
std::string_view literal_prefix(std::string_view filter);
inline bool has_wildcard(std::string_view filter) { return filter.find_first_of("+#") != std::string_view::npos; }

}  // namespace parley::mqtt
