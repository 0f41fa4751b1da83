#include "http/api/parameters.h"

#include <charconv>

namespace parley::api {

namespace {
constexpr std::uint64_t integer_max = (std::uint64_t{1} << 53U) - 1;

Error wrong(std::string_view name, const std::string& wanted) {
  return {Code::bad_request, "\"" + std::string(name) + "\" must be " + wanted};
}
}  // namespace

Result<std::uint64_t> parse_integer(std::string_view name, std::string_view text) {
  std::uint64_t number = 0;
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  if (error != std::errc() || end != last || number > integer_max) return wrong(name, "an integer from 0 to 9007199254740991");
  return number;
}

Result<std::optional<std::uint64_t>> query_integer(const http::Request& request, std::string_view name) {
  Result<std::string> text = query_text(request, name);
  if (!text) return text.error();
  if (text->empty()) return std::optional<std::uint64_t>();
  Result<std::uint64_t> number = parse_integer(name, *text);
  if (!number) return number.error();
  return std::optional<std::uint64_t>(*number);
}

Result<std::string> query_text(const http::Request& request, std::string_view name) {
  return http::query_value(request.query, name);
}

Result<unsigned> query_limit(const http::Request& request, unsigned usual, unsigned most) {
  Result<std::optional<std::uint64_t>> limit = query_integer(request, "limit");
  if (!limit) return limit.error();
  if (!*limit) return usual;
  if (**limit < 1 || **limit > most) return wrong("limit", "an integer from 1 to " + std::to_string(most));
  return static_cast<unsigned>(**limit);
}

}  // namespace parley::api
