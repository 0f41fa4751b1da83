#pragma once

// A request's JSON body, member by member; the first thing wrong is kept as the error.

#include <optional>
#include <string>

#include "broker/protocol/entry.h"
#include "broker/protocol/json.h"
#include "http/message.h"

namespace parley::api {

// Views into the request's body, which must live on.
class Body {
 public:
  // An absent body is an empty object. A body that is no strict JSON object leaves an error.
  explicit Body(const http::Request& request);

  // Needed members: absent or of another type is bad_request, and something empty is returned.
  std::string text(const char* name);
  std::uint64_t integer(const char* name);
  std::string_view object(const char* name);
  // Members that may be absent.
  std::optional<std::string> optional_text(const char* name);
  std::optional<std::uint64_t> optional_integer(const char* name);
  std::optional<std::string_view> optional_object(const char* name);
  // One of a closed list of words, through its parser (parse_keep and the like).
  template <typename Value>
  std::optional<Value> optional_word(const char* name, bool (*parse)(std::string_view, Value&)) {
    const std::optional<std::string> word = optional_text(name);
    if (!word) return std::nullopt;
    Value value{};
    if (parse(*word, value)) return value;
    fail({Code::bad_request, "\"" + std::string(name) + "\" has an unknown value"});
    return std::nullopt;
  }
  // too_large when the text is longer, bad_request when it is empty.
  void check_bytes(const char* name, std::string_view text, std::size_t bytes_max);

  void fail(Error error);
  const std::optional<Error>& error() const { return error_; }

 private:
  template <typename T>
  std::optional<T> take(Result<std::optional<T>> member);
  void missing(const char* name);

  std::optional<json::Object> object_;
  std::optional<Error> error_;
};

}  // namespace parley::api
