#include "http/api/body.h"

#include <utility>

namespace parley::api {

Body::Body(const http::Request& request) {
  Result<json::Object> parsed =
      json::Object::parse(request.body.empty() ? std::string_view("{}") : std::string_view(request.body));
  if (parsed) {
    object_ = std::move(parsed).value();
  } else {
    error_ = parsed.error();
  }
}

template <typename T>
std::optional<T> Body::take(Result<std::optional<T>> member) {
  if (member) return std::move(member).value();
  fail(member.error());
  return std::nullopt;
}

void Body::fail(Error error) {
  if (!error_) error_ = std::move(error);
}

void Body::missing(const char* name) { fail({Code::bad_request, "\"" + std::string(name) + "\" is missing"}); }

void Body::check_bytes(const char* name, std::string_view text, std::size_t bytes_max) {
  if (text.empty()) fail({Code::bad_request, "\"" + std::string(name) + "\" is empty"});
  if (text.size() > bytes_max) {
    fail({Code::too_large, "\"" + std::string(name) + "\" is longer than " + std::to_string(bytes_max) + " bytes"});
  }
}

std::optional<std::string> Body::optional_text(const char* name) {
  return object_ ? take<std::string>(object_->string(name)) : std::nullopt;
}

std::optional<std::uint64_t> Body::optional_integer(const char* name) {
  return object_ ? take<std::uint64_t>(object_->integer(name)) : std::nullopt;
}

std::optional<std::string_view> Body::optional_object(const char* name) {
  return object_ ? take<std::string_view>(object_->object(name)) : std::nullopt;
}

std::string Body::text(const char* name) {
  std::optional<std::string> value = optional_text(name);
  if (!value) missing(name);
  return std::move(value).value_or(std::string());
}

std::uint64_t Body::integer(const char* name) {
  const std::optional<std::uint64_t> value = optional_integer(name);
  if (!value) missing(name);
  return value.value_or(0);
}

std::string_view Body::object(const char* name) {
  const std::optional<std::string_view> value = optional_object(name);
  if (!value) missing(name);
  return value.value_or("{}");
}

}  // namespace parley::api
