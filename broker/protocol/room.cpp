#include "broker/protocol/room.h"

#include <array>

namespace parley {

namespace {
constexpr std::array<std::string_view, 3> visibilities = {"", "public", "private"};
constexpr std::array<std::string_view, 3> keeps = {"", "all", "acked"};
constexpr std::array<std::string_view, 6> roles = {"", "banned", "guest", "member", "moderator", "owner"};

template <typename Enum, std::size_t N>
bool parse(const std::array<std::string_view, N>& names, std::string_view word, Enum& out) {
  for (std::size_t i = 1; i < N; ++i) {
    if (names[i] == word) {
      out = static_cast<Enum>(i);
      return true;
    }
  }
  return false;
}
}  // namespace

std::string_view to_string(Visibility visibility) { return visibilities[static_cast<unsigned>(visibility)]; }
std::string_view to_string(Keep keep) { return keeps[static_cast<unsigned>(keep)]; }
std::string_view to_string(Role role) { return roles[static_cast<unsigned>(role)]; }
bool parse_visibility(std::string_view word, Visibility& visibility) { return parse(visibilities, word, visibility); }
bool parse_keep(std::string_view word, Keep& keep) { return parse(keeps, word, keep); }
bool parse_role(std::string_view word, Role& role) { return parse(roles, word, role); }

}  // namespace parley
