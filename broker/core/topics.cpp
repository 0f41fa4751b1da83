#include "broker/core/topics.h"

#include <algorithm>
#include <string>

#include "broker/base/utf8.h"

namespace parley {

Status check_topic_text(std::string_view what, std::string_view text, std::size_t bytes_max, unsigned levels_max) {
  const auto says = [&](const std::string& rest) { return std::string(what) + rest; };
  if (text.empty()) return {Code::bad_request, says(" cannot be empty")};
  if (text.size() > bytes_max) return {Code::too_large, says(" has at most ") + std::to_string(bytes_max) + " bytes"};
  if (!is_utf8(text) || text.find('\0') != std::string_view::npos) return {Code::bad_request, says(" is UTF-8 without U+0000")};
  if (std::count(text.begin(), text.end(), '/') >= static_cast<std::ptrdiff_t>(levels_max)) {
    return {Code::too_large, says(" has at most ") + std::to_string(levels_max) + " levels"};
  }
  return ok_status();
}

Status check_room_name(std::string_view name, std::size_t bytes_max, unsigned levels_max) {
  if (Status status = check_topic_text("a room's name", name, bytes_max, levels_max); !status) return status;
  if (name.find_first_of("+#") != std::string_view::npos) return {Code::bad_request, "a room's name has no '+' and no '#'"};
  if (name.front() == '$') return {Code::bad_request, "names beginning with '$' belong to the server"};
  return ok_status();
}

}  // namespace parley
