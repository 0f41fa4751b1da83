#pragma once

// Parameters of a call in PostgreSQL's binary format, packed into one buffer.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::postgres {

// Element types of arrays, as the system catalogue numbers them (pg_type.oid).
enum class Oid : std::uint32_t { boolean = 16, bytes = 17, int8 = 20, int2 = 21, int4 = 23, uuid = 2950 };

class Params {
 public:
  Params& int8(std::int64_t value);
  Params& int4(std::int32_t value);
  Params& int2(std::int16_t value);
  Params& boolean(bool value);
  Params& bytes(std::string_view value);  // bytea, text, and uuid (16 bytes)
  Params& null();
  // Bytes of which none are NULL.
  Params& bytes_or_null(std::string_view value) { return value.empty() ? null() : bytes(value); }

  // An array of one dimension: element(i, *this) adds each of its elements by the functions above.
  template <typename Element>
  Params& array(Oid type, std::size_t count, Element element) {
    const std::size_t begin = begin_array(type, count);
    for (std::size_t i = 0; i < count; ++i) element(i, *this);
    end_array(begin);
    return *this;
  }
  Params& empty_array(Oid type) {
    return array(type, 0, [](std::size_t, Params&) {});
  }

  // For libpq; valid until the next change.
  int count() const { return static_cast<int>(values_.size()); }
  void pointers(std::vector<const char*>& values, std::vector<int>& lengths, std::vector<int>& formats) const;
  std::size_t size() const { return buffer_.size(); }

 private:
  struct Value {
    std::size_t offset;
    int length;  // -1: NULL
  };
  std::size_t begin_array(Oid type, std::size_t count);
  void end_array(std::size_t begin);
  template <typename Integer>
  Params& put(Integer value);
  Params& put_bytes(const char* data, std::size_t size);

  std::string buffer_;
  std::vector<Value> values_;
  bool in_array_ = false;
};

}  // namespace parley::postgres
