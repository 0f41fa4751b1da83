#pragma once

// JSON as the protocols take it: strict RFC 8259 in valid UTF-8, with the bytes of members kept, over cJSON.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/base/result.h"

namespace parley::json {

// ok when the text is exactly one strict JSON value: valid UTF-8, no "\u0000", no lone surrogate, no duplicate member in one
// object, nesting of at most `depth_max`. bad_request says what and at which byte. (cJSON alone is laxer, cuts strings at U+0000
// and keeps duplicates.)
Status check(std::string_view text, unsigned depth_max = 32);
// Like check, and the value is an object.
bool is_object(std::string_view text);

// The text of one JSON string that passed `check`, quotes included.
Result<std::string> decode_string(std::string_view quoted);

// One member of an object: the name decoded, the value exactly as received (a view into the text).
struct Member {
  std::string name;
  std::string_view value;
};

// One JSON object that passed `check`. Access by exact name; a wrong type is bad_request, an absent (or null) member is nullopt.
// Views into the text given to parse, which must live on.
class Object {
 public:
  static Result<Object> parse(std::string_view text);

  bool has(std::string_view name) const;
  Result<std::optional<std::string>> string(std::string_view name) const;
  // An integer from 0 to 2^53-1; 1.0 and 1e2 count, 1.5 does not.
  Result<std::optional<std::uint64_t>> integer(std::string_view name) const;
  Result<std::optional<bool>> boolean(std::string_view name) const;
  // The member's bytes exactly as received, which must be an object.
  Result<std::optional<std::string_view>> object(std::string_view name) const;
  const std::vector<Member>& members() const { return members_; }

 private:
  explicit Object(std::vector<Member> members) : members_(std::move(members)) {}
  const Member* find(std::string_view name) const;
  std::vector<Member> members_;
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
