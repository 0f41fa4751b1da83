#include "http/line_guard.h"

#include "http/text.h"

namespace parley::http {

void LineGuard::reset() { *this = LineGuard(bytes_max_, lines_max_); }

bool LineGuard::step(char c) {
  const auto byte = static_cast<unsigned char>(c);
  switch (at_) {
    case At::line_start:
      if (c == '\r') {
        at_ = At::after_empty_cr;
        return true;
      }
      if (c == ' ' || c == '\t') return fail("a header line begins with whitespace");
      if (!is_token_char(c)) return fail("a header field has no valid name");
      ++lines_;
      at_ = At::in_name;
      return true;
    case At::in_name:
      if (c == ':') {
        at_ = At::in_value;
        return true;
      }
      return is_token_char(c) ? true : fail("a header field's name contains a character that is not allowed there");
    case At::in_value:
      if (c == '\r') {
        at_ = At::after_cr;
        return true;
      }
      if (c == '\n') return fail("a line ends with LF alone");
      return (byte < 0x20 && c != '\t') || byte == 0x7f ? fail("a header field contains a control character") : true;
    case At::after_cr:
      at_ = At::line_start;
      return c == '\n' ? true : fail("a CR without LF");
    case At::after_empty_cr:
      ended_ = true;
      return c == '\n' ? true : fail("a CR without LF");
  }
  return false;
}

LineGuard::Verdict LineGuard::walk(std::string_view bytes, std::size_t& used) {
  used = 0;
  for (const char c : bytes) {
    if (!step(c)) return Verdict::malformed;
    ++used;
    if (ended_) return Verdict::end;
    if (++bytes_ > bytes_max_ || lines_ > lines_max_) return Verdict::too_large;
  }
  return Verdict::more;
}

}  // namespace parley::http
