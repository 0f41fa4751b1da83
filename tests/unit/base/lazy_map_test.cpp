#include "broker/base/lazy_map.h"

#include <gtest/gtest.h>

#include <memory>
#include <unordered_map>

namespace parley {
namespace {

using Map = LazyMap<std::unordered_map<int, std::unique_ptr<int>>>;

TEST(LazyMap, EmptyItIsAPointerAndHasNothing) {
  static_assert(sizeof(Map) == sizeof(void*));
  Map map;
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.begin(), map.end());
  EXPECT_EQ(map.find(1), map.end());
  map.erase(1);
  map.erase_if([](auto&) { return true; });
  EXPECT_EQ(map.size(), 0U);
}

TEST(LazyMap, HoldsAndForgets) {
  Map map;
  for (int i = 0; i < 5; ++i) map[i] = std::make_unique<int>(i * i);
  EXPECT_EQ(*map.find(3)->second, 9);
  int sum = 0;
  for (const auto& [key, value] : map) sum += key + *value;
  EXPECT_EQ(sum, 10 + 30);
  map.erase(3);
  EXPECT_EQ(map.find(3), map.end());
  map.erase_if([](auto& one) { return one.first < 4; });
  EXPECT_EQ(map.size(), 1U);
  map.erase(4);
  EXPECT_TRUE(map.empty());
  EXPECT_EQ(map.begin(), map.end());
}

}  // namespace
}  // namespace parley
