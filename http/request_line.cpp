#include "http/request_line.h"

#include <algorithm>

#include "http/authority.h"
#include "http/text.h"

namespace parley::http {

namespace {
constexpr unsigned empty_lines_max = 8;
constexpr std::size_t method_bytes_max = 32;

// What may stand in a target without being percent-encoded. Looser than RFC 3986 by the characters that browsers leave bare in a
// query.
bool is_target_char(char c) { return c > 0x20 && c < 0x7f && std::string_view("\"#<>\\").find(c) == std::string_view::npos; }
}  // namespace

bool RequestLineReader::fail(int status, std::string_view detail) {
  failure_ = {status, std::string(detail)};
  return false;
}

void RequestLineReader::reset() {
  line_.clear();
  if (line_.capacity() > 512) line_.shrink_to_fit();
  method_end_ = 0;
  empty_lines_ = 0;
  cr_ = false;
}

bool RequestLineReader::check(char c) {
  if (method_end_ == 0) {
    if (c == ' ' && !line_.empty()) {
      method_end_ = line_.size();
      return true;
    }
    if (!is_token_char(c)) return fail(400, "this does not begin like an HTTP request");
    if (line_.size() >= method_bytes_max) return fail(501, "no such method");
    return true;
  }
  if (c != ' ' && (c < 0x20 || c == 0x7f)) return fail(400, "a character in the request line is not allowed there");
  if (line_.size() >= bytes_max_) return fail(414, "the request line is longer than " + std::to_string(bytes_max_) + " bytes");
  return true;
}

bool RequestLineReader::feed(std::string_view& bytes) {
  while (!bytes.empty()) {
    const char c = bytes.front();
    bytes.remove_prefix(1);
    if (cr_) {
      if (c != '\n') return fail(400, "a CR without LF");
      cr_ = false;
      if (!line_.empty()) return true;
      if (++empty_lines_ > empty_lines_max) return fail(400, "too many empty lines before a request");
    } else if (c == '\r') {
      cr_ = true;
    } else if (c == '\n') {
      return fail(400, "a line ends with LF alone");
    } else {
      if (!check(c)) return false;
      line_ += c;
    }
  }
  return false;
}

std::optional<RequestLine> RequestLineReader::parse() {
  const std::string_view line = line_;
  const std::size_t last_space = line.rfind(' ');
  if (method_end_ == 0 || last_space == method_end_) {
    fail(400, "the request line is not 'method target HTTP/1.1'");
    return std::nullopt;
  }
  RequestLine out;
  out.target = line.substr(method_end_ + 1, last_space - method_end_ - 1);
  if (!parse_version(line.substr(last_space + 1), out.http_1_0)) return std::nullopt;
  if (out.target.empty() || !std::all_of(out.target.begin(), out.target.end(), is_target_char)) {
    fail(400, "a character in the request target is not allowed there");
    return std::nullopt;
  }
  out.method = parse_method(line.substr(0, method_end_));
  if (out.method == Method::other) {
    fail(501, "this method is not implemented");
    return std::nullopt;
  }
  if (!parse_target(out)) return std::nullopt;
  return out;
}

// RFC 9112 §2.3. A higher minor version is treated as 1.1 (RFC 9110 §2.5).
bool RequestLineReader::parse_version(std::string_view version, bool& http_1_0) {
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    return fail(400, "the request line is not 'method target HTTP/1.1'");
  }
  if (version[5] != '1') return fail(505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
  http_1_0 = version[7] == '0';
  return true;
}

// RFC 9112 §3.2: origin-form, absolute-form, asterisk-form. (authority-form belongs to CONNECT, which is not implemented.)
bool RequestLineReader::parse_target(RequestLine& line) {
  std::string_view rest = line.target;
  if (rest == "*") {
    if (line.method != Method::options) return fail(400, "the target '*' is for OPTIONS only");
    line.path = "*";
    return true;
  }
  if (rest.front() != '/') {
    const std::size_t scheme_end = rest.find("://");
    const std::string_view scheme = rest.substr(0, scheme_end);
    if (scheme_end == std::string_view::npos ||
        (!equals_ignoring_case(scheme, "http") && !equals_ignoring_case(scheme, "https"))) {
      return fail(400, "the request target is neither a path nor an http URL");
    }
    rest.remove_prefix(scheme_end + 3);
    const std::size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
    line.authority = rest.substr(0, authority_end);
    if (!is_authority(line.authority)) return fail(400, "the authority of the request target is malformed");
    rest.remove_prefix(authority_end);
  }
  const std::size_t question = rest.find('?');
  line.path = rest.substr(0, question);
  if (question != std::string_view::npos) line.query = rest.substr(question + 1);
  // RFC 9112 §3.2.4: an absolute-form target without path is "*" for OPTIONS, "/" for the others.
  if (line.path.empty()) line.path = line.method == Method::options && line.query.empty() ? "*" : "/";
  return true;
}

}  // namespace parley::http
