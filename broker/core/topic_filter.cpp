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

}  // namespace parley
