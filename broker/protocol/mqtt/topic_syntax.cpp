#include "broker/protocol/mqtt/topic_syntax.h"

#include "broker/protocol/mqtt/types.h"

namespace parley::mqtt {

bool is_topic_name(std::string_view text) {
  return !text.empty() && text.size() <= text_bytes_max && text.find_first_of("+#") == std::string_view::npos;
}

bool is_topic_filter(std::string_view text) {
  if (text.empty() || text.size() > text_bytes_max) return false;
  for (std::size_t at = text.find_first_of("+#"); at != std::string_view::npos; at = text.find_first_of("+#", at + 1)) {
    if (at > 0 && text[at - 1] != '/') return false;
    const bool last = at + 1 == text.size();
    if (!last && (text[at] == '#' || text[at + 1] != '/')) return false;
  }
  return true;
}

bool parse_shared(std::string_view text, SharedFilter& out) {
  if (!is_shared(text)) return false;
  text.remove_prefix(share_prefix.size());
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return false;
  out.group = text.substr(0, slash);
  out.filter = text.substr(slash + 1);
  return is_topic_name(out.group) && is_topic_filter(out.filter);
}

}  // namespace parley::mqtt
