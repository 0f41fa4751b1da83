// bench_core [Google Benchmark's options]   times the cases
// valgrind --tool=callgrind --callgrind-out-file=OUT bench_core --count
//                                           runs each a fixed number of times; OUT.1, OUT.2 … have the instructions of each case,
//                                           in the order of what is printed: "OPERATIONS<tab>NAME"

#include <benchmark/benchmark.h>
#include <valgrind/callgrind.h>

#include <cstdio>
#include <string_view>

#include "tests/bench/core_cases.h"

namespace {

void count(const parley::bench::Case& one) {
  constexpr unsigned warm = 5;
  constexpr unsigned times = 50;
  for (unsigned i = 0; i < warm; ++i) one.run();
  CALLGRIND_ZERO_STATS;
  for (unsigned i = 0; i < times; ++i) one.run();
  CALLGRIND_DUMP_STATS;
  std::printf("%u\t%s\n", times * one.operations, one.name.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<parley::bench::Case> cases;
  parley::bench::add_codec_cases(cases);
  parley::bench::add_fanout_cases(cases);
  if (argc > 1 && std::string_view(argv[1]) == "--count") {
    for (const auto& one : cases) count(one);
    return 0;
  }
  for (const auto& one : cases) {
    benchmark::RegisterBenchmark(one.name.c_str(), [one](benchmark::State& state) {
      one.run();
      for (auto _ : state) one.run();
      state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * one.operations);
    });
  }
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
