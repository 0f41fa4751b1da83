#include "loadtest/payload.h"

#include <algorithm>
#include <cstring>

namespace parley::loadtest {

namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t number_at = 0;
constexpr std::size_t stream_at = 8;
constexpr std::size_t run_at = 16;
constexpr std::size_t time_at = 24;
constexpr std::size_t check_at = 40;

// A prime length, so that each number of a long while begins at another place.
constexpr std::string_view pattern = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ01234567-";
static_assert(pattern.size() == 61);

char filler(std::uint32_t number, std::size_t position) { return pattern[(number + position) % pattern.size()]; }

template <typename T>
void put(char* at, T value) {
  for (std::size_t i = sizeof(T) * 2; i-- > 0; value = static_cast<T>(value >> 4U)) at[i] = digits[value & 15U];
}

template <typename T>
bool take(const char* at, T& value) {
  value = 0;
  for (std::size_t i = 0; i < sizeof(T) * 2; ++i) {
    const auto c = static_cast<unsigned char>(at[i]);
    const unsigned digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10U : 16U;
    if (digit > 15) return false;
    value = static_cast<T>(value << 4U) | static_cast<T>(digit);
  }
  return true;
}

std::uint32_t sum_of(const Stamp& stamp, std::size_t size) {
  std::uint64_t mixed = stamp.number * 0x9e3779b97f4a7c15ULL ^ stamp.stream * 0xc2b2ae3d27d4eb4fULL;
  mixed ^= stamp.run * 0x165667b19e3779f9ULL ^ static_cast<std::uint64_t>(stamp.sent_ns) * 0x27d4eb2f165667c5ULL ^ size;
  mixed ^= mixed >> 29U;
  mixed *= 0xbf58476d1ce4e5b9ULL;
  return static_cast<std::uint32_t>(mixed >> 32U);
}

}  // namespace

void append_payload(std::string& out, const Stamp& stamp, std::size_t size) {
  size = std::max(size, payload_bytes_min);
  const std::size_t start = out.size();
  out.resize(start + size);
  char* const at = out.data() + start;
  put(at + number_at, stamp.number);
  put(at + stream_at, stamp.stream);
  put(at + run_at, stamp.run);
  put(at + time_at, static_cast<std::uint64_t>(stamp.sent_ns));
  put(at + check_at, sum_of(stamp, size));
  for (std::size_t i = payload_bytes_min; i < size; ++i) at[i] = filler(stamp.number, i);
}

std::optional<Stamp> check_payload(std::string_view payload) {
  if (payload.size() < payload_bytes_min) return std::nullopt;
  Stamp stamp;
  std::uint64_t time = 0;
  std::uint32_t sum = 0;
  const char* const at = payload.data();
  if (!take(at + number_at, stamp.number) || !take(at + stream_at, stamp.stream) || !take(at + run_at, stamp.run) ||
      !take(at + time_at, time) || !take(at + check_at, sum)) {
    return std::nullopt;
  }
  stamp.sent_ns = static_cast<std::int64_t>(time);
  if (sum != sum_of(stamp, payload.size())) return std::nullopt;
  for (std::size_t i = payload_bytes_min; i < payload.size(); ++i) {
    if (at[i] != filler(stamp.number, i)) return std::nullopt;
  }
  return stamp;
}

const Stamp* PayloadChecker::check(std::string_view payload) {
  if (payload.size() < payload_bytes_min) return nullptr;
  std::uint64_t number = 0;
  std::uint64_t stream = 0;
  std::memcpy(&number, payload.data() + number_at, sizeof number);
  std::memcpy(&stream, payload.data() + stream_at, sizeof stream);
  const std::uint64_t mixed = number * 0x9e3779b97f4a7c15ULL ^ stream * 0xc2b2ae3d27d4eb4fULL;
  Known& known = known_[(mixed >> 32U) % slots];
  if (known.bytes == payload) return &known.stamp;
  const std::optional<Stamp> stamp = check_payload(payload);
  if (!stamp) return nullptr;
  known.bytes = payload;
  known.stamp = *stamp;
  return &known.stamp;
}

}  // namespace parley::loadtest
