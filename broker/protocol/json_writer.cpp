#include <charconv>

#include "broker/base/utf8.h"
#include "broker/protocol/json.h"
#include "broker/protocol/json_plain.h"

namespace parley::json {

namespace {

// Length of the valid UTF-8 sequence at the front, 0 when there is none.
std::size_t sequence_length(std::string_view text) {
  for (std::size_t length = 1; length <= 4 && length <= text.size(); ++length) {
    if (is_utf8(text.substr(0, length))) return length;
  }
  return 0;
}

void append_escape(std::string& out, unsigned char c) {
  static constexpr char hex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\r':
      out += "\\r";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out += hex[c >> 4U];
      out += hex[c & 15U];
  }
}

void append_text(std::string& out, std::string_view text) {
  const bool valid = is_utf8(text);
  std::size_t at = 0;
  while (at < text.size()) {
    const auto c = static_cast<unsigned char>(text[at]);
    if (valid || c < 0x80) {
      std::size_t end = at;
      if (valid) {
        end += plain_length(text.substr(at));
      } else {
        while (end < text.size() && is_plain(static_cast<unsigned char>(text[end])) &&
               static_cast<unsigned char>(text[end]) < 0x80)
          ++end;
      }
      out.append(text.substr(at, end - at));
      at = end;
      if (at < text.size() && !is_plain(static_cast<unsigned char>(text[at])))
        append_escape(out, static_cast<unsigned char>(text[at++]));
      continue;
    }
    const std::size_t length = sequence_length(text.substr(at));
    out.append(length > 0 ? text.substr(at, length) : std::string_view("\xef\xbf\xbd"));
    at += length > 0 ? length : 1;
  }
}

template <typename Number>
void append_number(std::string& out, Number number) {
  char digits[24];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, number);
  (void)error;  // 24 characters hold every 64-bit number
  out.append(digits, static_cast<std::size_t>(end - digits));
}

}  // namespace

void Writer::separate() {
  if (need_comma_) out_ += ',';
  need_comma_ = true;
}

Writer& Writer::begin_object() {
  separate();
  out_ += '{';
  need_comma_ = false;
  return *this;
}

Writer& Writer::end_object() {
  out_ += '}';
  need_comma_ = true;
  return *this;
}

Writer& Writer::begin_array() {
  separate();
  out_ += '[';
  need_comma_ = false;
  return *this;
}

Writer& Writer::end_array() {
  out_ += ']';
  need_comma_ = true;
  return *this;
}

Writer& Writer::key(std::string_view name) {
  separate();
  out_ += '"';
  append_text(out_, name);
  out_ += "\":";
  need_comma_ = false;
  return *this;
}

Writer& Writer::value(std::string_view text) {
  separate();
  out_ += '"';
  append_text(out_, text);
  out_ += '"';
  return *this;
}

Writer& Writer::value(std::uint64_t number) {
  separate();
  append_number(out_, number);
  return *this;
}

Writer& Writer::value(std::int64_t number) {
  separate();
  append_number(out_, number);
  return *this;
}

Writer& Writer::value(bool truth) {
  separate();
  out_ += truth ? "true" : "false";
  return *this;
}

Writer& Writer::raw(std::string_view json) {
  separate();
  out_ += json;
  return *this;
}

}  // namespace parley::json
