#pragma once

// HTTP requests and responses as values (RFC 9110, RFC 9112).

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/base/result.h"
#include "broker/base/unique_function.h"

namespace parley::http {

using Headers = std::vector<std::pair<std::string, std::string>>;

enum class Method : unsigned char { get, head, post, put, patch, del, options, other };
std::string_view to_string(Method method);
// `other` for a method that the server does not implement. Methods are case-sensitive (RFC 9110 §9.1).
Method parse_method(std::string_view token);
// Safe methods change nothing (RFC 9110 §9.2.1).
bool is_safe(Method method);
// "Not Found" for 404; "Unknown" for a status without a name.
std::string_view reason_phrase(int status);

struct Request {
  Method method = Method::get;
  std::string path;     // the target's path as sent: percent-encoded, beginning with '/'
  std::string query;    // without '?'
  Headers headers;      // names in lower case
  std::string body;     // whole, de-chunked
  std::string peer;     // address of the client, as text
  bool secure = false;  // came over TLS
  bool http_1_0 = false;

  // The first header of that (lower-case) name, or empty.
  std::string_view header(std::string_view name) const;
  // Whether the comma-separated list header contains the token, without regard to case.
  bool header_has_token(std::string_view name, std::string_view token) const;
  // All fields of that name as one list, joined by ", " (RFC 9110 §5.3); empty when there is none.
  std::string header_list(std::string_view name) const;
  std::size_t header_count(std::string_view name) const;
  // The value of the cookie, or empty (RFC 6265 §5.4).
  std::string_view cookie(std::string_view name) const;
};

struct Response {
  int status = 200;
  Headers headers;  // without Content-Length, Date, Connection and the security headers: the connection adds them
  std::string body;
  std::shared_ptr<const std::string> shared_body;  // used instead of body when set: static files
  bool close = false;                              // the connection is closed after this answer

  // The first header of that name without regard to case, or empty.
  std::string_view header(std::string_view name) const;
  std::size_t body_size() const { return shared_body ? shared_body->size() : body.size(); }

  static Response json(int status, std::string body);
  static Response empty(int status);
  // application/problem+json (RFC 9457) with the code's status.
  static Response problem(const Error& error);
  // The same for a status of HTTP itself that the closed list of codes has no word for (405, 414, 426 …): the nearest code is
  // named.
  static Response problem(int status, std::string_view detail);
};

// Answers one request, once, on the same thread, now or later. Dropping it unanswered answers 500.
using Responder = UniqueFunction<void(Response)>;

// Percent-decodes one path segment or query value (in a query '+' is a space). bad_request on a bad escape, invalid UTF-8 or
// U+0000.
Result<std::string> percent_decode(std::string_view text, bool query = false);
// One path segment: everything but unreserved characters is encoded (RFC 3986 §2.3).
std::string percent_encode(std::string_view segment);
// The value of a query parameter; empty when absent, bad_request when it cannot be decoded.
Result<std::string> query_value(std::string_view query, std::string_view name);

}  // namespace parley::http
