#include "http/message.h"

#include <algorithm>
#include <array>

#include "broker/base/utf8.h"
#include "http/text.h"

namespace parley::http {

namespace {

constexpr std::array<std::string_view, 8> method_names = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER"};

struct Phrase {
  int status;
  std::string_view text;
};
constexpr Phrase phrases[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {505, "HTTP Version Not Supported"},
};

Code nearest_code(int status) {
  switch (status) {
    case 401:
      return Code::unauthorized;
    case 403:
      return Code::forbidden;
    case 404:
      return Code::not_found;
    case 409:
      return Code::conflict;
    case 413:
    case 414:
    case 431:
      return Code::too_large;
    case 429:
      return Code::rate_limited;
    case 503:
      return Code::unavailable;
    default:
      return status >= 500 && status != 501 && status != 505 ? Code::internal : Code::bad_request;
  }
}

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00" + hex(std::string_view(&c, 1));
    } else {
      out += c;
    }
  }
  out += '"';
}

Response make_problem(int status, Code code, std::string_view detail) {
  std::string body = R"({"type":"about:blank","title":)";
  append_json_string(body, reason_phrase(status));
  body += R"(,"status":)" + std::to_string(status) + R"(,"code":)";
  append_json_string(body, to_string(code));
  body += R"(,"detail":)";
  append_json_string(body, detail);
  body += R"(,"retry":)";
  body += is_retryable(code) ? "true}" : "false}";
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/problem+json");
  response.body = std::move(body);
  return response;
}

}  // namespace

std::string_view to_string(Method method) { return method_names[static_cast<unsigned>(method)]; }

Method parse_method(std::string_view token) {
  for (unsigned i = 0; i < static_cast<unsigned>(Method::other); ++i) {
    if (method_names[i] == token) return static_cast<Method>(i);
  }
  return Method::other;
}

bool is_safe(Method method) { return method == Method::get || method == Method::head || method == Method::options; }

std::string_view reason_phrase(int status) {
  const auto* const found =
      std::find_if(std::begin(phrases), std::end(phrases), [&](const Phrase& p) { return p.status == status; });
  return found == std::end(phrases) ? "Unknown" : found->text;
}

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return value;
  }
  return {};
}

bool Request::header_has_token(std::string_view name, std::string_view token) const {
  for (const auto& [key, value] : headers) {
    if (key != name) continue;
    std::string_view list = value;
    for (std::string_view element; next_element(list, element);) {
      if (equals_ignoring_case(element, token)) return true;
    }
  }
  return false;
}

std::string Request::header_list(std::string_view name) const {
  std::string out;
  for (const auto& [key, value] : headers) {
    if (key == name) append_element(out, value);
  }
  return out;
}

std::size_t Request::header_count(std::string_view name) const {
  return static_cast<std::size_t>(
      std::count_if(headers.begin(), headers.end(), [&](const auto& header) { return header.first == name; }));
}

std::string_view Request::cookie(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key != "cookie") continue;
    std::string_view rest = value;
    while (!rest.empty()) {
      const std::size_t end = rest.find(';');
      const std::string_view pair = trim(rest.substr(0, end));
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
      const std::size_t equals = pair.find('=');
      if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
      std::string_view found = pair.substr(equals + 1);
      if (found.size() >= 2 && found.front() == '"' && found.back() == '"') found = found.substr(1, found.size() - 2);
      return found;
    }
  }
  return {};
}

std::string_view Response::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (equals_ignoring_case(key, name)) return value;
  }
  return {};
}

Response Response::json(int status, std::string body) {
  Response response;
  response.status = status;
  response.headers.emplace_back("Content-Type", "application/json");
  response.body = std::move(body);
  return response;
}

Response Response::empty(int status) {
  Response response;
  response.status = status;
  return response;
}

Response Response::problem(const Error& error) { return make_problem(http_status(error.code), error.code, error.message); }
Response Response::problem(int status, std::string_view detail) { return make_problem(status, nearest_code(status), detail); }

Result<std::string> percent_decode(std::string_view text, bool query) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+' && query) {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else {
      const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
      const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
      if (high < 0 || low < 0) return {Code::bad_request, "a '%' in the target is not followed by two hexadecimal digits"};
      out += static_cast<char>(high * 16 + low);
      i += 2;
    }
  }
  if (!is_utf8(out) || out.find('\0') != std::string::npos)
    return {Code::bad_request, "the target is not UTF-8, or contains U+0000"};
  return out;
}

std::string percent_encode(std::string_view segment) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : segment) {
    const auto byte = static_cast<unsigned char>(c);
    const char small = to_lower(c);
    if (is_digit(c) || (small >= 'a' && small <= 'z') || std::string_view("-._~").find(c) != std::string_view::npos) {
      out += c;
    } else {
      out.append(1, '%').append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
    }
  }
  return out;
}

Result<std::string> query_value(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(end == std::string_view::npos ? query.size() : end + 1);
    const std::size_t equals = pair.find('=');
    Result<std::string> key = percent_decode(pair.substr(0, equals), true);
    if (!key.ok()) return key;
    if (*key != name) continue;
    return equals == std::string_view::npos ? Result<std::string>(std::string()) : percent_decode(pair.substr(equals + 1), true);
  }
  return std::string();
}

}  // namespace parley::http
