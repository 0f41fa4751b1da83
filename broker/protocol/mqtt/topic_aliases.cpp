#include "broker/protocol/mqtt/topic_aliases.h"

namespace parley::mqtt {

std::optional<Violation> TopicAliases::resolve(Publish& publish) {
  const std::optional<std::uint16_t> alias = publish.properties.topic_alias;
  if (!alias) return std::nullopt;
  if (*alias == 0 || *alias > maximum_) {
    return Violation{Reason::topic_alias_invalid, "a topic alias is above the maximum", Carrier::disconnect, Version::v5};
  }
  if (!publish.topic.empty()) {
    topics_.insert_or_assign(*alias, std::string(publish.topic));
    return std::nullopt;
  }
  const auto found = topics_.find(*alias);
  if (found == topics_.end()) {
    return Violation{Reason::protocol_error, "a topic alias that was not set", Carrier::disconnect, Version::v5};
  }
  publish.topic = found->second;
  return std::nullopt;
}

}  // namespace parley::mqtt
