#include "broker/protocol/json_scan.h"

#include <algorithm>
#include <deque>

#include "broker/base/utf8.h"
#include "broker/protocol/json_plain.h"

namespace parley::json {

namespace {

// The decoded name of a member: the raw bytes when nothing is escaped, which is nearly always.
std::string decode_name(std::string_view quoted) {
  const std::string_view raw = quoted.substr(1, quoted.size() - 2);
  if (raw.find('\\') == std::string_view::npos) return std::string(raw);
  const Result<std::string> decoded = decode_string(quoted);
  return decoded ? decoded.value() : std::string(raw);
}

bool has_duplicate(std::vector<std::string_view>& names) {
  std::sort(names.begin(), names.end());
  return std::adjacent_find(names.begin(), names.end()) != names.end();
}

}  // namespace

Status Scanner::scan(std::vector<Member>* members) {
  bool good = true;
  if (!is_utf8(text_)) {
    good = fail("invalid UTF-8");
  } else {
    skip_space();
    if (members != nullptr) {
      good = peek() == '{' ? object(1, members) : fail("an object is expected");
    } else {
      good = value(0);
    }
    if (good) {
      skip_space();
      if (!at_end()) good = fail("something follows the value");
    }
  }
  if (good) return ok_status();
  return {Code::bad_request, "not valid JSON: " + std::string(error_) + " at byte " + std::to_string(at_)};
}

bool Scanner::value(unsigned depth) {
  switch (peek()) {
    case '{':
      return object(depth + 1, nullptr);
    case '[':
      return array(depth + 1);
    case '"':
      return string();
    case 't':
      return word("true");
    case 'f':
      return word("false");
    case 'n':
      return word("null");
    default:
      return number();
  }
}

bool Scanner::object(unsigned depth, std::vector<Member>* members) {
  if (depth > depth_max_) return fail("nested too deeply");
  ++at_;
  skip_space();
  if (take('}')) return true;
  std::deque<std::string> decoded;  // only names with escapes need a copy; a deque keeps them in place
  std::vector<std::string_view> names;
  for (;;) {
    const std::size_t name_at = at_;
    if (peek() != '"') return fail("a member's name is expected");
    if (!string()) return false;
    const std::string_view quoted = text_.substr(name_at, at_ - name_at);
    if (quoted.find('\\') != std::string_view::npos) {
      names.push_back(decoded.emplace_back(decode_name(quoted)));
    } else {
      names.push_back(quoted.substr(1, quoted.size() - 2));
    }
    skip_space();
    if (!take(':')) return fail("':' is expected");
    skip_space();
    const std::size_t value_at = at_;
    if (!value(depth)) return false;
    if (members != nullptr) members->push_back({std::string(names.back()), text_.substr(value_at, at_ - value_at)});
    skip_space();
    if (take('}')) break;
    if (!take(',')) return fail("',' or '}' is expected");
    skip_space();
  }
  return !has_duplicate(names) || fail("a member's name appears twice in the object that ends");
}

bool Scanner::array(unsigned depth) {
  if (depth > depth_max_) return fail("nested too deeply");
  ++at_;
  skip_space();
  if (take(']')) return true;
  for (;;) {
    if (!value(depth)) return false;
    skip_space();
    if (take(']')) return true;
    if (!take(',')) return fail("',' or ']' is expected");
    skip_space();
  }
}

bool Scanner::string() {
  ++at_;
  for (;;) {
    at_ += plain_length(text_.substr(at_));
    if (at_end()) return fail("a string does not end");
    const auto c = static_cast<unsigned char>(text_[at_]);
    if (c == '"') {
      ++at_;
      return true;
    }
    if (c < 0x20) return fail("a control character in a string");
    if (!escape()) return false;
  }
}

bool Scanner::escape() {
  ++at_;
  const char c = peek();
  if (c == 'u') return unicode_escape();
  if (at_end() || std::string_view("\"\\/bfnrt").find(c) == std::string_view::npos) return fail("an unknown escape");
  ++at_;
  return true;
}

bool Scanner::unicode_escape() {
  unsigned code = 0;
  if (!hex4(code)) return fail("four hexadecimal digits are expected");
  if (code == 0) return fail("\\u0000 is not allowed");
  if (code >= 0xdc00 && code <= 0xdfff) return fail("a lone surrogate");
  if (code >= 0xd800 && code <= 0xdbff) {
    if (text_.substr(at_, 2) != "\\u") return fail("a lone surrogate");
    ++at_;
    unsigned low = 0;
    if (!hex4(low)) return fail("four hexadecimal digits are expected");
    if (low < 0xdc00 || low > 0xdfff) return fail("a lone surrogate");
  }
  return true;
}

// At the 'u'; moves behind the digits.
bool Scanner::hex4(unsigned& code) {
  ++at_;
  if (text_.size() - at_ < 4) return false;
  code = 0;
  for (int i = 0; i < 4; ++i) {
    const char c = text_[at_++];
    code <<= 4U;
    if (c >= '0' && c <= '9') {
      code |= static_cast<unsigned>(c - '0');
    } else if (c >= 'a' && c <= 'f') {
      code |= static_cast<unsigned>(c - 'a' + 10);
    } else if (c >= 'A' && c <= 'F') {
      code |= static_cast<unsigned>(c - 'A' + 10);
    } else {
      return false;
    }
  }
  return true;
}

bool Scanner::number() {
  take('-');
  if (take('0')) {
    if (peek() >= '0' && peek() <= '9') return fail("a number with a leading zero");
  } else if (!digits()) {
    return fail("a value is expected");
  }
  if (take('.') && !digits()) return fail("digits are expected");
  if (peek() == 'e' || peek() == 'E') {
    ++at_;
    if (!take('+')) take('-');
    if (!digits()) return fail("digits are expected");
  }
  return true;
}

bool Scanner::digits() {
  const std::size_t before = at_;
  while (peek() >= '0' && peek() <= '9') ++at_;
  return at_ > before;
}

bool Scanner::word(std::string_view literal) {
  if (text_.substr(at_, literal.size()) != literal) return fail("a value is expected");
  at_ += literal.size();
  return true;
}

void Scanner::skip_space() {
  while (!at_end()) {
    const char c = text_[at_];
    if (c != ' ' && c != '\t' && c != '\n' && c != '\r') return;
    ++at_;
  }
}

bool Scanner::fail(const char* what) {
  if (error_ == nullptr) error_ = what;
  return false;
}

bool Scanner::take(char c) {
  if (at_end() || text_[at_] != c) return false;
  ++at_;
  return true;
}

}  // namespace parley::json
