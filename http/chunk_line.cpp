#include "http/chunk_line.h"

#include "http/text.h"

namespace parley::http {

namespace {
constexpr std::size_t digits_max = 16;

bool is_blank(char c) { return c == ' ' || c == '\t'; }
// RFC 9110 §5.6.4: what a quoted string may hold, behind a backslash too.
bool is_text(char c) { return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f); }
}  // namespace

bool ChunkLine::feed(std::string_view& bytes) {
  while (!bytes.empty() && failure_.empty()) {
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (step(c) && at_ == At::end) return true;
  }
  return false;
}

bool ChunkLine::step(char c) {
  switch (at_) {
    case At::start:
    case At::size:
      return digit(c);
    case At::before_separator:
      if (is_blank(c)) return true;
      return c == ';' ? go(At::before_name) : fail("whitespace behind a chunk's size or extension");
    case At::before_name:
      if (is_blank(c)) return true;
      return is_token_char(c) ? go(At::name) : fail("a chunk extension has no valid name");
    case At::name:
    case At::before_equals:
      if (c == '=') return go(At::before_value);
      if (is_blank(c)) return go(At::before_equals);
      if (at_ == At::name) return is_token_char(c) || between(c);
      return c == ';' ? go(At::before_name) : fail("whitespace behind a chunk extension");
    case At::before_value:
      if (is_blank(c)) return true;
      if (c == '"') return go(At::quoted);
      return is_token_char(c) ? go(At::value) : fail("a chunk extension has no valid value");
    case At::value:
      return is_token_char(c) || between(c);
    case At::quoted:
      if (c == '"') return go(At::after_quoted);
      if (c == '\\') return go(At::quoted_pair);
      return is_text(c) || fail("a chunk extension's quoted value contains a character that is not allowed there");
    case At::quoted_pair:
      return is_text(c) ? go(At::quoted) : fail("a chunk extension escapes a character that is not allowed there");
    case At::after_quoted:
      return between(c);
    case At::after_cr:
      return c == '\n' ? go(At::end) : fail("a chunk's size line contains a bare CR");
    case At::end:
      break;
  }
  return fail("a chunk's size line has ended");
}

bool ChunkLine::digit(char c) {
  if (hex_value(c) < 0) return at_ == At::start ? fail("a chunk has no size") : between(c);
  if (c != '0' || !size_.empty()) size_ += c;
  if (size_.size() > digits_max) return fail("a chunk's size is beyond all bounds");
  return go(At::size);
}

// Behind a size or an extension.
bool ChunkLine::between(char c) {
  if (c == '\r') {
    if (size_.empty()) size_ = "0";
    return go(At::after_cr);
  }
  if (c == ';') return go(At::before_name);
  return is_blank(c) ? go(At::before_separator) : fail("a chunk's size line contains a character that is not allowed there");
}

}  // namespace parley::http
