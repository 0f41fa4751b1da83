#include "broker/base/random.h"

namespace parley {

std::string Random::id(unsigned length) {
  static constexpr char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
  std::string out;
  out.reserve(length);
  std::uint64_t bits = 0;
  for (unsigned i = 0; i < length; ++i) {
    if (i % 12 == 0) bits = next();
    out.push_back(alphabet[bits & 31U]);
    bits >>= 5U;
  }
  return out;
}

}  // namespace parley
