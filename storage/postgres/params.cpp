#include "storage/postgres/params.h"

#include <array>

namespace parley::postgres {

namespace {

template <typename Integer>
std::array<char, sizeof(Integer)> big_endian(Integer value) {
  std::array<char, sizeof(Integer)> out{};
  auto bits = static_cast<std::make_unsigned_t<Integer>>(value);
  for (std::size_t i = sizeof(Integer); i-- > 0;) {
    out[i] = static_cast<char>(bits & 0xffU);
    if constexpr (sizeof(Integer) > 1) bits = static_cast<decltype(bits)>(bits >> 8U);
  }
  return out;
}

}  // namespace

// An element of an array carries its length in the buffer, a parameter beside it.
Params& Params::put_bytes(const char* data, std::size_t size) {
  if (in_array_) {
    const auto length = big_endian(static_cast<std::int32_t>(size));
    buffer_.append(length.data(), length.size());
  } else {
    values_.push_back({buffer_.size(), static_cast<int>(size)});
  }
  buffer_.append(data, size);
  return *this;
}

template <typename Integer>
Params& Params::put(Integer value) {
  const auto bytes = big_endian(value);
  return put_bytes(bytes.data(), bytes.size());
}

Params& Params::int8(std::int64_t value) { return put(value); }
Params& Params::int4(std::int32_t value) { return put(value); }
Params& Params::int2(std::int16_t value) { return put(value); }
Params& Params::boolean(bool value) { return put(static_cast<std::int8_t>(value ? 1 : 0)); }
Params& Params::bytes(std::string_view value) { return put_bytes(value.data(), value.size()); }

Params& Params::null() {
  if (in_array_) {
    const auto length = big_endian(std::int32_t{-1});
    buffer_.append(length.data(), length.size());
  } else {
    values_.push_back({0, -1});
  }
  return *this;
}

// Dimensions, whether there may be NULLs, the type of the elements; then the length and the lower bound of each dimension.
std::size_t Params::begin_array(Oid type, std::size_t count) {
  const std::size_t begin = buffer_.size();
  in_array_ = true;
  const auto add = [this](std::int32_t value) {
    const auto bytes = big_endian(value);
    buffer_.append(bytes.data(), bytes.size());
  };
  add(count == 0 ? 0 : 1);
  add(1);
  add(static_cast<std::int32_t>(type));
  if (count == 0) return begin;
  add(static_cast<std::int32_t>(count));
  add(1);
  return begin;
}

void Params::end_array(std::size_t begin) {
  in_array_ = false;
  values_.push_back({begin, static_cast<int>(buffer_.size() - begin)});
}

void Params::pointers(std::vector<const char*>& values, std::vector<int>& lengths, std::vector<int>& formats) const {
  values.clear();
  lengths.clear();
  for (const Value& value : values_) {
    values.push_back(value.length < 0 ? nullptr : buffer_.data() + value.offset);
    lengths.push_back(value.length < 0 ? 0 : value.length);
  }
  formats.assign(values_.size(), 1);
}

}  // namespace parley::postgres
