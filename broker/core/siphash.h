#pragma once

// SipHash-1-3 (Aumasson and Bernstein, 2012): a hash whose collisions nobody can find who does not know the key, for tables whose
// keys clients choose. About 10 ns for a short text.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace parley {

struct HashKey {
  std::uint64_t k0 = 0;  // from a random source, once a process
  std::uint64_t k1 = 0;
};

namespace siphash_detail {

struct State {
  std::uint64_t v0, v1, v2, v3;
  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void add(std::uint64_t word) {
    v3 ^= word;
    round();
    v0 ^= word;
  }
};

}  // namespace siphash_detail

inline std::uint64_t siphash13(HashKey key, std::string_view bytes) {
  siphash_detail::State s{key.k0 ^ 0x736f6d6570736575ULL, key.k1 ^ 0x646f72616e646f6dULL, key.k0 ^ 0x6c7967656e657261ULL,
                          key.k1 ^ 0x7465646279746573ULL};
  const std::uint64_t length = static_cast<std::uint64_t>(bytes.size()) << 56U;
  // Words are little-endian in the definition. On another machine the values differ from it, which nobody sees.
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), 8);
    s.add(word);
  }
  std::uint64_t last = 0;
  if (!bytes.empty()) std::memcpy(&last, bytes.data(), bytes.size());
  s.add(last | length);
  s.v2 ^= 0xffU;
  s.round();
  s.round();
  s.round();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

// A bijection that spreads every bit of a number that nobody hostile chooses (the finalizer of splitmix64).
constexpr std::uint64_t mix64(std::uint64_t z) {
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31U);
}

}  // namespace parley
