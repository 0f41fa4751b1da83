#include "broker/base/small_table.h"

#include <string>
#include <unordered_map>

#include <gtest/gtest.h>

namespace {

TEST(SmallTable, HasNoBucketsOfItsOwnWhileItIsSmallAndIsACommonTableAfterwards) {
  std::unordered_map<std::string, int> table;
  parley::start_small(table);
  for (int i = 0; i < 1000; ++i) {
    parley::before_insert(table);
    table["room-" + std::to_string(i)] = i;
    if (table.size() <= parley::small_table_max) {
      EXPECT_EQ(table.bucket_count(), 1U) << table.size();
    } else {
      EXPECT_LE(table.load_factor(), 1.0F) << table.size();
    }
  }
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(table.at("room-" + std::to_string(i)), i);
  for (int i = 0; i < 990; ++i) table.erase("room-" + std::to_string(i));
  EXPECT_EQ(table.at("room-995"), 995);
  EXPECT_FALSE(table.contains("room-5"));
}

}  // namespace
