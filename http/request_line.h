#pragma once

// The request line, checked byte by byte and then taken apart (RFC 9112 §3). Stricter than llhttp: single spaces, CRLF only.

#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace parley::http {

// Why a request cannot be served; the connection closes after the answer because its framing is not known.
struct Failure {
  int status = 0;  // 0: none
  std::string detail;
};

struct RequestLine {
  Method method = Method::get;
  std::string target;  // as sent
  std::string path;    // beginning with '/', or "*"
  std::string query;
  std::string authority;  // of a target in absolute form (RFC 9112 §3.2.2); then it stands above the Host field
  bool http_1_0 = false;
};

class RequestLineReader {
 public:
  explicit RequestLineReader(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  // Consumes bytes up to the line's LF. True: the line is complete. Stops early on what no continuation can mend; see failure().
  bool feed(std::string_view& bytes);
  // Whether anything but empty lines has come. (RFC 9112 §2.2: empty lines before a request line are skipped, here at most 8.)
  bool begun() const { return !line_.empty() || cr_; }
  const Failure& failure() const { return failure_; }
  // The complete line, taken apart; none: see failure(). 400 malformed, 501 method not implemented, 505 not HTTP/1.x.
  std::optional<RequestLine> parse();
  // For the next request.
  void reset();

 private:
  bool check(char c);
  bool fail(int status, std::string_view detail);
  bool parse_version(std::string_view version, bool& http_1_0);
  bool parse_target(RequestLine& line);

  std::size_t bytes_max_;
  std::string line_;
  std::size_t method_end_ = 0;  // 0: still in the method
  unsigned empty_lines_ = 0;
  bool cr_ = false;
  Failure failure_;
};

}  // namespace parley::http
