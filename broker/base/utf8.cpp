#include "broker/base/utf8.h"

#include <cstring>

namespace parley {

bool Utf8Checker::feed(std::string_view bytes) {
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  const auto* const end = at + bytes.size();
  while (at != end) {
    if (need_ == 0) {
      // Most text is ASCII: eight bytes at a time.
      std::uint64_t word = 0;
      while (end - at >= 8) {
        std::memcpy(&word, at, 8);
        if ((word & 0x8080808080808080ULL) != 0) break;
        at += 8;
      }
      if (at == end) return true;
    }
    const unsigned char byte = *at++;
    if (need_ > 0) {
      if (byte < low_ || byte > high_) return false;
      low_ = 0x80;
      high_ = 0xbf;
      --need_;
    } else if (byte < 0x80) {
      continue;
    } else if (byte >= 0xc2 && byte <= 0xdf) {
      need_ = 1;
    } else if (byte >= 0xe0 && byte <= 0xef) {
      need_ = 2;
      if (byte == 0xe0) low_ = 0xa0;
      if (byte == 0xed) high_ = 0x9f;
    } else if (byte >= 0xf0 && byte <= 0xf4) {
      need_ = 3;
      if (byte == 0xf0) low_ = 0x90;
      if (byte == 0xf4) high_ = 0x8f;
    } else {
      return false;
    }
  }
  return true;
}

bool is_utf8(std::string_view bytes) {
  Utf8Checker checker;
  return checker.feed(bytes) && checker.complete();
}

}  // namespace parley
