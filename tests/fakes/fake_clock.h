#pragma once

#include "broker/base/random.h"
#include "broker/base/time.h"

namespace parley::fakes {

// Time that passes when the test says so.
class FakeClock final : public Clock {
 public:
  UnixMs unix_ms() const override { return unix_; }
  MonoMs mono_ms() const override { return mono_; }
  void tick(MonoMs ms) {
    unix_ += ms;
    mono_ += ms;
  }

 private:
  UnixMs unix_ = 1'764'000'000'000;
  MonoMs mono_ = 1'000;
};

// splitmix64: the same sequence for the same seed.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed = 1) : state_(seed) {}
  std::uint64_t next() override {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31U);
  }

 private:
  std::uint64_t state_;
};

}  // namespace parley::fakes
