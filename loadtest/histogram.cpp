#include "loadtest/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "broker/protocol/json.h"
#include "loadtest/json_tree.h"

namespace parley::loadtest {

namespace {
constexpr std::int64_t value_max = (std::int64_t{1} << Histogram::value_bits) - 1;
}

std::size_t Histogram::index_of(std::int64_t ns) {
  const auto value = static_cast<std::uint64_t>(std::clamp<std::int64_t>(ns, 0, value_max));
  if (value < sub_count) return static_cast<std::size_t>(value);
  const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - sub_bits;
  return (static_cast<std::size_t>(shift) << sub_bits) + static_cast<std::size_t>(value >> shift);
}

std::int64_t Histogram::lower(std::size_t index) {
  if (index < sub_count) return static_cast<std::int64_t>(index);
  const std::size_t shift = (index >> sub_bits) - 1;
  return static_cast<std::int64_t>((index - (shift << sub_bits)) << shift);
}

std::int64_t Histogram::upper(std::size_t index) { return lower(index + 1) - 1; }

void Histogram::record(std::int64_t ns, std::uint64_t count) {
  if (count == 0) return;
  const std::int64_t value = std::clamp<std::int64_t>(ns, 0, value_max);
  buckets_[index_of(value)] += count;
  count_ += count;
  sum_ += static_cast<double>(value) * static_cast<double>(count);
  min_ = std::min(min_, value);
  max_ = std::max(max_, value);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < bucket_count; ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
}

std::int64_t Histogram::percentile(double share) const {
  if (count_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(wanted));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < bucket_count; ++i) {
    seen += buckets_[i];
    if (seen >= rank) return std::min(upper(i), max_);
  }
  return max_;
}

void Histogram::append_json(std::string& out) const {
  json::Writer writer(out);
  writer.begin_object().member("min", min()).member("max", max_).member("sum", static_cast<std::int64_t>(sum_));
  writer.key("buckets").begin_array();
  for (std::size_t i = 0; i < bucket_count; ++i) {
    if (buckets_[i] == 0) continue;
    writer.begin_array().value(static_cast<std::uint64_t>(i)).value(buckets_[i]).end_array();
  }
  writer.end_array().end_object();
}

Result<Histogram> Histogram::from(const JsonTree& tree) {
  Histogram histogram;
  for (const JsonTree& pair : tree["buckets"].items()) {
    const double index = pair.at(0).number();
    const double count = pair.at(1).number();
    if (pair.items().size() != 2 || index < 0 || index >= static_cast<double>(bucket_count) || count < 1) {
      return Error{Code::bad_request, "a histogram's bucket is [index, count]"};
    }
    histogram.buckets_[static_cast<std::size_t>(index)] += static_cast<std::uint64_t>(count);
    histogram.count_ += static_cast<std::uint64_t>(count);
  }
  if (histogram.count_ == 0) return histogram;
  histogram.min_ = static_cast<std::int64_t>(tree["min"].number());
  histogram.max_ = static_cast<std::int64_t>(tree["max"].number());
  histogram.sum_ = tree["sum"].number();
  return histogram;
}

}  // namespace parley::loadtest
