#pragma once

// The line before a chunk's data: its size and its extensions, which are checked and ignored (RFC 9112 §7.1, §7.1.1). llhttp 8
// refuses extensions that are well formed (two of them, a quoted pair) and takes some that are not, so it is given the size
// alone.

#include <cstddef>
#include <string>
#include <string_view>

namespace parley::http {

class ChunkLine {
 public:
  // Consumes bytes up to the line's LF. True: the line is complete.
  bool feed(std::string_view& bytes);
  // Not empty: why the line is malformed; nothing more is read.
  std::string_view failure() const { return failure_; }
  // The size in hexadecimal digits, without the zeros before it.
  const std::string& size() const { return size_; }
  // For the next chunk.
  void reset() { *this = ChunkLine(); }

 private:
  enum class At : unsigned char {
    start,
    size,
    before_separator,
    before_name,
    name,
    before_equals,
    before_value,
    value,
    quoted,
    quoted_pair,
    after_quoted,
    after_cr,
    end,
  };
  bool step(char c);
  bool digit(char c);
  bool between(char c);
  bool go(At at) {
    at_ = at;
    return true;
  }
  bool fail(std::string_view why) {
    failure_ = why;
    return false;
  }

  std::string size_;
  std::string_view failure_;
  At at_ = At::start;
};

}  // namespace parley::http
