#pragma once

// UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF.

#include <cstdint>
#include <string_view>

namespace parley {

// Checks text that arrives in pieces and fails at the first byte that cannot be part of valid UTF-8.
class Utf8Checker {
 public:
  // False as soon as the bytes so far cannot be the beginning of valid UTF-8.
  bool feed(std::string_view bytes);
  // Whether the text may end here.
  bool complete() const { return need_ == 0; }
  void reset() { *this = Utf8Checker(); }

 private:
  std::uint8_t need_ = 0;    // continuation bytes still to come
  std::uint8_t low_ = 0x80;  // bounds of the next one
  std::uint8_t high_ = 0xbf;
};

bool is_utf8(std::string_view bytes);

}  // namespace parley
