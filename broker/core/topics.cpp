#include "broker/core/topics.h"

#include <algorithm>
#include <string>

#include "broker/base/utf8.h"

namespace parley {

Status check_room_name(std::string_view name, std::size_t bytes_max, unsigned levels_max) {
  if (name.empty()) return {Code::bad_request, "a room's name cannot be empty"};
  if (name.size() > bytes_max) return {Code::too_large, "a room's name has at most " + std::to_string(bytes_max) + " bytes"};
  if (!is_utf8(name) || name.find('\0') != std::string_view::npos) {
    return {Code::bad_request, "a room's name is UTF-8 without U+0000"};
  }
  if (name.find_first_of("+#") != std::string_view::npos) return {Code::bad_request, "a room's name has no '+' and no '#'"};
  if (name.front() == '$') return {Code::bad_request, "names beginning with '$' belong to the server"};
  if (std::count(name.begin(), name.end(), '/') >= static_cast<std::ptrdiff_t>(levels_max)) {
    return {Code::too_large, "a room's name has at most " + std::to_string(levels_max) + " levels"};
  }
  return ok_status();
}

}  // namespace parley
