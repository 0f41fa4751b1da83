#pragma once

// Walks over a header or trailer section before llhttp sees it, and refuses what the standard lets a recipient repair in more
// than one way (RFC 9112 §2.2, §5.2): a bare CR or LF, line folding, control characters. What two recipients read differently is
// how requests are smuggled.

#include <cstddef>
#include <string_view>

namespace parley::http {

class LineGuard {
 public:
  enum class Verdict : unsigned char { more, end, malformed, too_large };

  LineGuard(std::size_t bytes_max, unsigned lines_max) : bytes_max_(bytes_max), lines_max_(lines_max) {}
  // Walks to the empty line that ends the section, or to the end of `bytes`; `used` is how many bytes belong to the section so
  // far.
  Verdict walk(std::string_view bytes, std::size_t& used);
  // Why malformed.
  const char* detail() const { return detail_; }
  void reset();

 private:
  enum class At : unsigned char { line_start, in_name, in_value, after_cr, after_empty_cr };
  bool step(char c);
  bool fail(const char* detail) {
    detail_ = detail;
    return false;
  }

  std::size_t bytes_max_;
  unsigned lines_max_;
  std::size_t bytes_ = 0;
  unsigned lines_ = 0;
  At at_ = At::line_start;
  bool ended_ = false;
  const char* detail_ = "";
};

}  // namespace parley::http
