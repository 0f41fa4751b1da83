// Durations and sizes as people write them.

#include <array>
#include <charconv>
#include <limits>

#include "broker/server/config.h"

namespace parley::server {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array<Unit, 6> time_units = {Unit{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000},
                                            {"s", 1000},           {"ms", 1},        {"", 1000}};
constexpr std::array<Unit, 4> size_units = {Unit{"GiB", 1U << 30U}, {"MiB", 1U << 20U}, {"KiB", 1U << 10U}, {"", 1}};

template <std::size_t N>
bool parse_with_unit(std::string_view text, const std::array<Unit, N>& units, std::uint64_t& value) {
  const char* const end = text.data() + text.size();
  const auto [behind, failed] = std::from_chars(text.data(), end, value);
  if (failed != std::errc()) return false;
  const std::string_view name(behind, static_cast<std::size_t>(end - behind));
  for (const Unit& unit : units) {
    if (unit.name != name) continue;
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) / unit.factor) return false;
    value *= unit.factor;
    return true;
  }
  return false;
}

template <std::size_t N>
std::string format_with_unit(std::uint64_t value, const std::array<Unit, N>& units) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) return std::to_string(value / unit.factor) + std::string(unit.name);
  }
  return "0";
}

}  // namespace

Result<MonoMs> parse_duration(std::string_view text) {
  std::uint64_t value = 0;
  if (parse_with_unit(text, time_units, value)) return static_cast<MonoMs>(value);
  return {Code::bad_request, "\"" + std::string(text) + "\" is no duration: write 250ms, 10s, 15m, 24h or 30d"};
}
std::string format_duration(MonoMs ms) { return format_with_unit(static_cast<std::uint64_t>(ms), time_units); }

Result<std::size_t> parse_size(std::string_view text) {
  std::uint64_t value = 0;
  if (parse_with_unit(text, size_units, value)) return static_cast<std::size_t>(value);
  return {Code::bad_request, "\"" + std::string(text) + "\" is no size: write 65536, 64KiB, 1MiB or 2GiB"};
}
std::string format_size(std::size_t bytes) { return format_with_unit(bytes, size_units); }

}  // namespace parley::server
