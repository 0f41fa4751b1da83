#include "broker/protocol/entry.h"

#include <array>

namespace parley {

namespace {
constexpr std::array<std::string_view, 10> names = {"",     "message", "edit", "delete", "reaction",
                                                    "join", "leave",   "room", "member", "pin"};
}

std::string_view to_string(EntryType type) {
  const auto index = static_cast<unsigned>(type);
  return index < names.size() ? names[index] : std::string_view();  // a number from a newer version
}

bool parse_entry_type(std::string_view word, EntryType& type) {
  for (std::size_t i = 1; i < names.size(); ++i) {
    if (names[i] == word) {
      type = static_cast<EntryType>(i);
      return true;
    }
  }
  return false;
}

}  // namespace parley
