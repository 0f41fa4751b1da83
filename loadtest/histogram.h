#pragma once

// A log-linear histogram of durations in ns: 64 buckets for each power of two, so a value is known to 1.6 %, from 1 ns to more
// than an hour, in 19 kB whatever is recorded. Histograms of several runs or processes add up without loss.

#include <array>
#include <cstdint>
#include <string>

#include "broker/base/result.h"

namespace parley::loadtest {

class JsonTree;

class Histogram {
 public:
  static constexpr unsigned sub_bits = 6;
  static constexpr unsigned sub_count = 1U << sub_bits;
  static constexpr unsigned value_bits = 42;
  static constexpr std::size_t bucket_count = std::size_t{value_bits - sub_bits + 1} << sub_bits;

  // Values below 0 count as 0, those beyond the range as the largest.
  void record(std::int64_t ns, std::uint64_t count = 1);
  void merge(const Histogram& other);
  void clear() { *this = Histogram(); }

  std::uint64_t count() const { return count_; }
  std::int64_t min() const { return count_ == 0 ? 0 : min_; }
  std::int64_t max() const { return max_; }
  double mean() const { return count_ == 0 ? 0 : sum_ / static_cast<double>(count_); }
  // The smallest value that at least that share (0 to 1) of all does not exceed, rounded up to its bucket's end and never beyond
  // max(). 0 when empty.
  std::int64_t percentile(double share) const;

  static std::size_t index_of(std::int64_t ns);
  static std::int64_t lower(std::size_t index);
  static std::int64_t upper(std::size_t index);  // the last value that falls into it
  std::uint64_t at(std::size_t index) const { return buckets_[index]; }

  // {"min":…,"max":…,"sum":…,"buckets":[[index,count],…]}, buckets that are not empty.
  void append_json(std::string& out) const;
  // bad_request when it is not what append_json wrote.
  static Result<Histogram> from(const JsonTree& tree);

  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  std::array<std::uint64_t, bucket_count> buckets_{};
  std::uint64_t count_ = 0;
  std::int64_t min_ = INT64_MAX;
  std::int64_t max_ = 0;
  double sum_ = 0;
};

}  // namespace parley::loadtest
