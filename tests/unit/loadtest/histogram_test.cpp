#include "loadtest/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "loadtest/json_tree.h"

namespace parley::loadtest {
namespace {

TEST(Histogram, BucketsTileTheRangeWithoutHoles) {
  std::int64_t expected = 0;
  for (std::size_t i = 0; i < Histogram::bucket_count; ++i) {
    ASSERT_EQ(Histogram::lower(i), expected);
    ASSERT_EQ(Histogram::index_of(Histogram::lower(i)), i);
    ASSERT_EQ(Histogram::index_of(Histogram::upper(i)), i);
    expected = Histogram::upper(i) + 1;
  }
  EXPECT_EQ(expected, std::int64_t{1} << Histogram::value_bits);
}

TEST(Histogram, AValueIsKnownToOnePointSixPercent) {
  for (std::int64_t value = 64; value < (std::int64_t{1} << 41); value = value * 17 / 16 + 1) {
    const std::size_t i = Histogram::index_of(value);
    EXPECT_LE(static_cast<double>(Histogram::upper(i) - Histogram::lower(i)), 0.016 * static_cast<double>(value));
  }
}

TEST(Histogram, PercentilesAreThoseOfTheSortedValues) {
  std::mt19937_64 random(7);
  std::lognormal_distribution<double> latency(12, 2);
  std::vector<std::int64_t> values;
  Histogram histogram;
  for (int i = 0; i < 20'000; ++i) {
    values.push_back(static_cast<std::int64_t>(latency(random)));
    histogram.record(values.back());
  }
  std::sort(values.begin(), values.end());
  for (const double share : {0.0, 0.1, 0.5, 0.9, 0.99, 0.999, 1.0}) {
    const auto rank = std::max<std::size_t>(1, static_cast<std::size_t>(std::ceil(share * 20'000))) - 1;
    const auto exact = static_cast<double>(values[rank]);
    EXPECT_NEAR(static_cast<double>(histogram.percentile(share)), exact, exact * 0.016 + 1) << share;
    EXPECT_GE(histogram.percentile(share), values[rank]) << "never better than it was";
  }
  EXPECT_EQ(histogram.min(), values.front());
  EXPECT_EQ(histogram.max(), values.back());
}

TEST(Histogram, MergingIsTheSameAsRecordingTogether) {
  Histogram first;
  Histogram second;
  Histogram both;
  for (std::int64_t i = 1; i < 5000; ++i) {
    (i % 3 == 0 ? first : second).record(i * i);
    both.record(i * i);
  }
  first.merge(second);
  EXPECT_EQ(first, both);
}

TEST(Histogram, OutOfRangeIsClampedNotLost) {
  Histogram histogram;
  histogram.record(-5);
  histogram.record(INT64_MAX);
  EXPECT_EQ(histogram.count(), 2U);
  EXPECT_EQ(histogram.percentile(0), 0);
  EXPECT_EQ(histogram.max(), (std::int64_t{1} << Histogram::value_bits) - 1);
}

TEST(Histogram, EmptyOneHasZeros) {
  EXPECT_EQ(Histogram().percentile(0.99), 0);
  EXPECT_EQ(Histogram().min(), 0);
}

TEST(Histogram, JsonAndBack) {
  Histogram histogram;
  for (std::int64_t i = 0; i < 1000; ++i) histogram.record(i * 12'345);
  std::string text;
  histogram.append_json(text);
  const Result<JsonTree> tree = JsonTree::parse(text);
  ASSERT_TRUE(tree.ok());
  const Result<Histogram> back = Histogram::from(*tree);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(*back, histogram);
  EXPECT_FALSE(Histogram::from(*JsonTree::parse(R"({"buckets":[[99999,1]]})")).ok());
}

}  // namespace
}  // namespace parley::loadtest
