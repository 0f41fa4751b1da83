#pragma once

// Internal to JSON's scanner and writer: how far a text goes on without a character that must be looked at.

#include <cstdint>
#include <cstring>
#include <string_view>

namespace parley::json {

constexpr bool is_plain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\'; }

// Bytes at the front that stand for themselves in a JSON string: no control character, no quotation mark, no backslash. Eight at
// a time, since most texts have nothing else.
inline std::size_t plain_length(std::string_view text) {
  constexpr std::uint64_t ones = 0x0101010101010101ULL;
  constexpr std::uint64_t highs = 0x8080808080808080ULL;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    const std::uint64_t quote = word ^ (ones * '"');
    const std::uint64_t backslash = word ^ (ones * '\\');
    // The highest bit of a byte is set where it is below the bound, or zero; a borrow can only come from such a byte.
    const std::uint64_t found = ((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) | ((backslash - ones) & ~backslash);
    if ((found & highs) != 0) break;
  }
  while (at < text.size() && is_plain(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

}  // namespace parley::json
