#include "http/api/names.h"

#include <algorithm>
#include <array>

namespace parley::api {

namespace {

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); }
bool is_name_char(char c) { return is_alphanumeric(c) || c == '.' || c == '_' || c == '-'; }

constexpr std::array<std::string_view, 12> reserved = {"parley",    "system", "server", "admin",     "administrator", "root",
                                                       "moderator", "owner",  "guest",  "anonymous", "all",           "here"};
constexpr std::string_view guest_prefix = "guest-";
constexpr unsigned ending_chars = 4;

}  // namespace

Status check_user_name(std::string_view name) {
  if (name.size() < user_name_chars_min || name.size() > user_name_chars_max) {
    return {Code::bad_request, "\"name\" must have 2 to 32 characters"};
  }
  if (!is_alphanumeric(name.front()) || !std::all_of(name.begin(), name.end(), is_name_char)) {
    return {Code::bad_request, "\"name\" must consist of letters, digits, '.', '_' and '-' and begin with a letter or digit"};
  }
  return ok_status();
}

Status check_password(std::string_view password) {
  if (password.size() >= password_bytes_min && password.size() <= password_bytes_max) return ok_status();
  return {Code::bad_request, "\"password\" must have 8 to 256 bytes"};
}

bool is_reserved_name(std::string_view name) {
  const std::string folded = fold_case(name);
  return folded.rfind(guest_prefix, 0) == 0 || std::find(reserved.begin(), reserved.end(), folded) != reserved.end();
}

std::string fold_case(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::string guest_name(std::string_view wish, Random& random) {
  std::string name;
  for (const char c : wish) {
    if (name.size() == user_name_chars_max) break;
    if (is_name_char(c) && (!name.empty() || is_alphanumeric(c))) name += c;
  }
  if (check_user_name(name) && !is_reserved_name(name)) return name;
  return std::string(guest_prefix) + random.id(ending_chars);
}

}  // namespace parley::api
