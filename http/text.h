#pragma once

// The small grammar that header fields share (RFC 9110 §5.6): tokens, optional whitespace, comma-separated lists.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace parley::http {

// RFC 9110 §5.6.2 tchar.
constexpr bool is_token_char(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}
bool is_token(std::string_view text);

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
// 0 to 15, or -1.
constexpr int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}
constexpr char to_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string lower(std::string_view text);
// ASCII only.
bool equals_ignoring_case(std::string_view a, std::string_view b);
// Without spaces and tabs at both ends (OWS, RFC 9110 §5.6.3).
std::string_view trim(std::string_view text);
std::string hex(std::string_view bytes);

// Takes the next element off a list: up to the separator outside quoted strings, trimmed. False at the end. Empty elements are
// skipped, as RFC 9110 §5.6.1.2 asks.
bool next_element(std::string_view& list, std::string_view& element, char separator = ',');

// A weight of content negotiation in thousandths: "0.5" is 500 (RFC 9110 §12.4.2). -1 when malformed.
int parse_weight(std::string_view text);

// Appends a list element to a header value: "a" and "b" become "a, b".
void append_element(std::string& list, std::string_view element);

}  // namespace parley::http
