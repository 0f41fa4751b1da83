#pragma once

// UTF-8 checked as it comes, piece by piece (RFC 3629; RFC 6455 §8.1).

#include <cstdint>
#include <string_view>

namespace parley::websocket {

class Utf8Check {
 public:
  // False from the first byte on that no valid continuation of the text could contain; then only reset() helps.
  bool feed(std::string_view bytes);
  // Whether the text may end here: not within a character.
  bool complete() const { return missing_ == 0; }
  void reset() { *this = Utf8Check(); }

 private:
  std::uint8_t missing_ = 0;  // continuation bytes still to come
  std::uint8_t low_ = 0x80;   // the range of the next one (§4 of RFC 3629: excludes overlong forms, surrogates, beyond U+10FFFF)
  std::uint8_t high_ = 0xbf;
};

inline bool is_utf8(std::string_view text) {
  Utf8Check check;
  return check.feed(text) && check.complete();
}

}  // namespace parley::websocket
