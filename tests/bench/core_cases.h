#pragma once

// The core's hot paths as cases that can be timed (Google Benchmark) and whose instructions can be counted (callgrind): the same
// work every time it is run.

#include <functional>
#include <string>
#include <vector>

namespace parley::bench {

struct Case {
  std::string name;
  unsigned operations = 1;  // in one call of `run`
  std::function<void()> run;
};

void add_codec_cases(std::vector<Case>& cases);   // core_codecs.cpp
void add_fanout_cases(std::vector<Case>& cases);  // core_fanout.cpp

// Keeps the compiler from leaving out what made the value.
template <typename T>
void keep(const T& value) {
  asm volatile("" : : "r"(&value) : "memory");
}

}  // namespace parley::bench
