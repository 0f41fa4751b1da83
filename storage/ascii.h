#pragma once

// Comparison without regard to ASCII case, the same in every store; bytes above 0x7f compare as they are.

#include <algorithm>
#include <string>
#include <string_view>

namespace parley {

inline char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

inline std::string ascii_lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return ascii_lower(c); });
  return out;
}

// `lower_needle` is lower case already.
inline bool ascii_contains(std::string_view text, std::string_view lower_needle) {
  const auto equal = [](char a, char b) { return ascii_lower(a) == b; };
  return lower_needle.empty() ||
         std::search(text.begin(), text.end(), lower_needle.begin(), lower_needle.end(), equal) != text.end();
}

}  // namespace parley
