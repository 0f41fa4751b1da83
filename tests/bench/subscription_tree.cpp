// The subscription tree with a million subscriptions, and with a thousand beside it: what a match costs and what a subscription
// weighs. The weight is what the heap gives out (mallinfo2 of glibc), so allocator overhead, free slots of tables and all are in
// it. `scripts/bench-tree` makes a table of it.

#include "broker/core/subscription_tree.h"

#include <benchmark/benchmark.h>
#include <malloc.h>

#include <memory>
#include <string>

namespace parley {
namespace {

constexpr unsigned million = 1'000'000;
constexpr unsigned thousand = 1'000;

std::size_t heap_bytes() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// How a million clients subscribe.
enum Shape : int {
  one_exact,     // each to a topic of its own: devices/{i}/commands
  one_wildcard,  // each to a subtree of its own: devices/{i}/+/set
  shared,        // a thousand to each of a thousand rooms: rooms/{i}
  mixed,         // half own topics, a quarter own subtrees, a quarter in 250 wildcards alike: sites/{i}/#
};

std::string filter_of(int shape, unsigned i) {
  const std::string n = std::to_string(i);
  switch (shape) {
    case one_exact:
      return "devices/" + n + "/commands";
    case one_wildcard:
      return "devices/" + n + "/+/set";
    case shared:
      return "rooms/" + std::to_string(i % 1000);
    default:
      if (i % 4 < 2) return filter_of(one_exact, i);
      if (i % 4 == 2) return filter_of(one_wildcard, i);
      return "sites/" + std::to_string(i / 4 % 250) + "/#";
  }
}

std::string name_of(int shape, unsigned i) {
  const std::string n = std::to_string(i);
  switch (shape) {
    case one_exact:
      return "devices/" + n + "/commands";
    case one_wildcard:
      return "devices/" + n + "/lamp/set";
    case shared:
      return "rooms/" + std::to_string(i % 1000);
    default:
      if (i % 4 < 2) return name_of(one_exact, i);
      return name_of(one_wildcard, i);
  }
}

struct Filled {
  std::unique_ptr<SubscriptionTree> tree;
  std::size_t bytes = 0;
  int shape = -1;
  unsigned size = 0;
};

// One tree at a time: each shape and size is built once and the last one dropped.
const Filled& filled(int shape, unsigned size = million) {
  static Filled kept;
  if (kept.shape == shape && kept.size == size) return kept;
  kept.tree.reset();
  const std::size_t before = heap_bytes();
  kept.tree = std::make_unique<SubscriptionTree>(HashKey{0x0123456789abcdefULL, 0xfedcba9876543210ULL});
  for (unsigned i = 0; i < size; ++i) kept.tree->add(filter_of(shape, i), {i + 1, 1});
  kept.bytes = heap_bytes() - before;
  kept.shape = shape;
  kept.size = size;
  return kept;
}

void Match(benchmark::State& state) {
  const auto shape = static_cast<int>(state.range(0));
  const auto size = static_cast<unsigned>(state.range(1));
  const Filled& full = filled(shape, size);
  std::vector<std::string> names;
  for (unsigned i = 0; i < 4096; ++i) names.push_back(name_of(shape, (i * 240 + i % 240) % size));
  std::vector<FilterOwner> out;
  std::size_t matches = 0;
  std::size_t at = 0;
  for (auto _ : state) {
    out.clear();
    full.tree->match(names[at++ % names.size()], out);
    matches += out.size();
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes_per_subscription"] = static_cast<double>(full.bytes) / static_cast<double>(full.tree->size());
  state.counters["matches"] = benchmark::Counter(static_cast<double>(matches), benchmark::Counter::kAvgIterations);
}
BENCHMARK(Match)->ArgsProduct({{one_exact, one_wildcard, shared, mixed}, {thousand, million}});

void MatchNothing(benchmark::State& state) {
  const Filled& full = filled(mixed);
  std::vector<FilterOwner> out;
  for (auto _ : state) {
    full.tree->match("elsewhere/1/2/3", out);
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(MatchNothing);

void AddAndRemove(benchmark::State& state) {
  const auto shape = static_cast<int>(state.range(0));
  SubscriptionTree& tree = *filled(shape).tree;
  unsigned i = 0;
  for (auto _ : state) {
    const std::string filter = filter_of(shape, i++ % million);
    tree.add(filter, {2ULL * million, 1});
    tree.remove(filter, 2ULL * million);
  }
}
BENCHMARK(AddAndRemove)->Arg(one_exact)->Arg(one_wildcard)->Arg(shared);

// One filter that everybody has: `#` of a hundred thousand observers, one of whom comes and goes.
void AddAndRemoveInACrowd(benchmark::State& state) {
  SubscriptionTree tree({1, 2});
  for (unsigned i = 1; i <= 100'000; ++i) tree.add("#", {i, 0});
  for (auto _ : state) {
    tree.add("#", {200'000, 0});
    tree.remove("#", 200'000);
  }
}
BENCHMARK(AddAndRemoveInACrowd);

}  // namespace
}  // namespace parley
