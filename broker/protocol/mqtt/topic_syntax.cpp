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

std::string_view literal_prefix(std::string_view filter) {
  const std::size_t wildcard = filter.find_first_of("+#");
  std::string_view prefix = filter.substr(0, wildcard);
  if (wildcard != std::string_view::npos && filter[wildcard] == '#' && !prefix.empty()) prefix.remove_suffix(1);
  return prefix;
}

}  // namespace parley::mqtt
