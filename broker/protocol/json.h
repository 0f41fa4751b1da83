#pragma once

// JSON as the protocols take it: strict RFC 8259 in valid UTF-8, with the bytes of members kept, over cJSON.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/base/result.h"

struct cJSON;

namespace parley::json {

// ok when the text is exactly one strict JSON value: valid UTF-8, no "\u0000", no lone surrogate, no duplicate member in one object, nesting of at most
// `depth_max`. bad_request says what and at which byte. (cJSON alone is laxer, cuts strings at U+0000 and keeps duplicates.)
Status check(std::string_view text, unsigned depth_max = 32);
// Like check, and the value is an object.
bool is_object(std::string_view text);

// One JSON object that passed `check`. Member access by exact name; a wrong type is bad_request, an absent (or null) one is nullopt.
class Object {
 public:
  static Result<Object> parse(std::string_view text);
  Object(Object&&) noexcept;
  Object& operator=(Object&&) noexcept;
  ~Object();

  bool has(const char* name) const;
  Result<std::optional<std::string>> string(const char* name) const;
  // An integer from 0 to 2^53-1; 1.0 and 1e2 count, 1.5 does not.
  Result<std::optional<std::uint64_t>> integer(const char* name) const;
  Result<std::optional<bool>> boolean(const char* name) const;
  // The member's value exactly as received, which must be an object. Views into the text given to parse.
  Result<std::optional<std::string_view>> object(const char* name) const;

 private:
  Object(cJSON* root, std::string_view text);
  struct Free {
    void operator()(cJSON* node) const;
  };
  std::unique_ptr<cJSON, Free> root_;
  std::string_view text_;
};

// Writes JSON by appending to a string: no tree, no copies. The caller's calls must nest rightly (assert in debug builds).
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view name);
  Writer& value(std::string_view text);  // quoted and escaped; invalid UTF-8 becomes U+FFFD
  Writer& value(const char* text) { return value(std::string_view(text)); }
  Writer& value(const std::string& text) { return value(std::string_view(text)); }
  Writer& value(std::uint64_t number);
  Writer& value(std::int64_t number);
  Writer& value(int number) { return value(static_cast<std::int64_t>(number)); }
  Writer& value(unsigned number) { return value(static_cast<std::uint64_t>(number)); }
  Writer& value(bool truth);
  Writer& raw(std::string_view json);  // one value, already JSON

  template <typename T>
  Writer& member(std::string_view name, const T& v) {
    key(name);
    return value(v);
  }

 private:
  void separate();
  std::string& out_;
  bool need_comma_ = false;
};

}  // namespace parley::json
