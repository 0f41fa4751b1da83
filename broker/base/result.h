#pragma once

// What can go wrong, as a value. No exception leaves a library's edge.

#include <cassert>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace parley {

// The closed list of error codes, the same words on every protocol (docs/protocol.md, "Error codes").
enum class Code : unsigned char {
  bad_request,
  unauthorized,
  forbidden,
  not_found,
  conflict,
  too_large,
  rate_limited,
  unavailable,
  internal,
};

std::string_view to_string(Code code);
// The HTTP status that goes with the code.
int http_status(Code code);
// Whether the same request may succeed later, unchanged.
bool is_retryable(Code code);

struct Error {
  Code code = Code::internal;
  std::string message;  // for people; says what to do next where that is known

  friend bool operator==(const Error&, const Error&) = default;
};

// A value or an Error. Asking for the one that is not there is a defect (assert).
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}
  Result(Code code, std::string message) : Result(Error{code, std::move(message)}) {}

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }
  T& value() & { return *std::get_if<0>(&state_); }
  const T& value() const& { return *std::get_if<0>(&state_); }
  T&& value() && { return std::move(*std::get_if<0>(&state_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  const Error& error() const { return *std::get_if<1>(&state_); }

 private:
  std::variant<T, Error> state_;
};

struct Nothing {
  friend bool operator==(const Nothing&, const Nothing&) = default;
};
// Success without a value, or an Error.
using Status = Result<Nothing>;
inline Status ok_status() { return Status(Nothing{}); }

}  // namespace parley
