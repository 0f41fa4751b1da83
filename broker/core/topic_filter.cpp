#include "broker/core/topic_filter.h"

#include "broker/core/topics.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley {

Result<TopicFilter> parse_topic_filter(std::string_view text, const TopicLimits& limits) {
  if (Status status = check_topic_text("a topic filter", text, limits.bytes_max, limits.levels_max); !status)
    return status.error();
  if (mqtt::is_shared(text)) {
    mqtt::SharedFilter shared;
    if (!mqtt::parse_shared(text, shared)) {
      return {Code::bad_request, "a shared subscription is $share/{name}/{filter}, its name without wildcards"};
    }
    return TopicFilter{shared.group, shared.filter};
  }
  if (!mqtt::is_topic_filter(text)) {
    return {Code::bad_request, "in a topic filter '+' fills a level, and '#' the last one"};
  }
  return TopicFilter{{}, text};
}

bool topic_matches(std::string_view filter, std::string_view name) {
  if (name.substr(0, 1) == "$" && filter.find_first_of("+#") == 0) return false;
  for (;;) {
    if (filter == "#") return true;
    const std::size_t filter_slash = filter.find('/');
    const std::size_t name_slash = name.find('/');
    const std::string_view level = filter.substr(0, filter_slash);
    if (level != "+" && level != name.substr(0, name_slash)) return false;
    if (name_slash == std::string_view::npos) {
      return filter_slash == std::string_view::npos || filter.substr(filter_slash) == "/#";
    }
    if (filter_slash == std::string_view::npos) return false;
    filter.remove_prefix(filter_slash + 1);
    name.remove_prefix(name_slash + 1);
  }
}

}  // namespace parley
