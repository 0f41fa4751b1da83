#include "http/parser.h"

#include <algorithm>

#include "http/authority.h"
#include "http/text.h"

namespace parley::http {

// llhttp's callbacks: 0 goes on, -1 fails, HPE_PAUSED stops behind the byte just read.
struct Parser::Callbacks {
  static Parser& self(llhttp_t* parser) { return *static_cast<Parser*>(parser->data); }

  static int on_field(llhttp_t* parser, const char* at, std::size_t length) {
    Parser& p = self(parser);
    if (p.stage_ != Stage::fields) return 0;  // trailer fields are read over (RFC 9110 §6.5.1)
    std::transform(at, at + length, std::back_inserter(p.field_), to_lower);
    return 0;
  }
  static int on_value(llhttp_t* parser, const char* at, std::size_t length) {
    Parser& p = self(parser);
    if (p.stage_ != Stage::fields) return 0;
    p.value_.append(at, length);
    return 0;
  }
  static int on_value_complete(llhttp_t* parser) {
    Parser& p = self(parser);
    if (p.stage_ == Stage::fields) p.finish_field();
    return 0;
  }
  static int on_headers_complete(llhttp_t* parser) {
    Parser& p = self(parser);
    p.stage_ = (parser->flags & F_CHUNKED) != 0 ? Stage::chunk_line : Stage::body;
    return p.check_head() ? 0 : -1;
  }
  static int on_body(llhttp_t* parser, const char* at, std::size_t length) {
    Parser& p = self(parser);
    if (p.request_.body.size() + length > p.limits_.body_bytes_max) {
      p.refuse(413, "the body is longer than " + std::to_string(p.limits_.body_bytes_max) + " bytes");
      return -1;
    }
    p.request_.body.append(at, length);
    return 0;
  }
  static int on_chunk_header(llhttp_t* parser) {
    Parser& p = self(parser);
    p.last_chunk_ = parser->content_length == 0;
    return p.last_chunk_ ? HPE_PAUSED : 0;
  }
  static int on_chunk_complete(llhttp_t* parser) {
    Parser& p = self(parser);
    if (p.stage_ != Stage::body) return 0;  // the last one, behind the trailer section
    p.stage_ = Stage::chunk_line;
    return HPE_PAUSED;
  }
  static int on_message_complete(llhttp_t* parser) {
    self(parser).stage_ = Stage::complete;
    return HPE_PAUSED;
  }

  static const llhttp_settings_t* table() {
    static const llhttp_settings_t settings = [] {
      llhttp_settings_t s;
      llhttp_settings_init(&s);
      s.on_header_field = &on_field;
      s.on_header_value = &on_value;
      s.on_header_value_complete = &on_value_complete;
      s.on_headers_complete = &on_headers_complete;
      s.on_body = &on_body;
      s.on_chunk_header = &on_chunk_header;
      s.on_chunk_complete = &on_chunk_complete;
      s.on_message_complete = &on_message_complete;
      return s;
    }();
    return &settings;
  }
};

Parser::Parser(const Limits& limits)
    : limits_(limits), line_(limits.request_line_bytes_max), guard_(limits.header_bytes_max, limits.headers_max) {}

Parser::Event Parser::fail(int status, std::string detail) {
  stage_ = Stage::failed;
  failure_ = {status, std::move(detail)};
  return Event::failed;
}

bool Parser::refuse(int status, std::string detail) {
  failure_ = {status, std::move(detail)};
  return false;
}

Request Parser::take() {
  stage_ = Stage::request_line;
  line_.reset();
  guard_.reset();
  chunk_line_.reset();
  last_chunk_ = false;
  overhead_bytes_ = 0;
  authority_.clear();
  return std::exchange(request_, Request{});
}

Parser::Event Parser::feed(std::string_view& bytes) {
  while (!bytes.empty()) {
    Event event = Event::more;
    switch (stage_) {
      case Stage::request_line:
        if (line_.feed(bytes)) {
          event = on_request_line();
        } else if (line_.failure().status != 0) {
          event = fail(line_.failure().status, line_.failure().detail);
        }
        break;
      case Stage::fields:
        event = on_fields(bytes);
        break;
      case Stage::body:
        event = on_body(bytes);
        break;
      case Stage::chunk_line:
        event = on_chunk_line(bytes);
        break;
      case Stage::trailers:
        event = on_trailers(bytes);
        break;
      case Stage::complete:
        return Event::message;
      case Stage::failed:
        return Event::failed;
    }
    if (event != Event::more) return event;
  }
  return Event::more;
}

Parser::Event Parser::on_request_line() {
  std::optional<RequestLine> line = line_.parse();
  if (!line) return fail(line_.failure().status, line_.failure().detail);
  request_.method = line->method;
  request_.path = std::move(line->path);
  request_.query = std::move(line->query);
  request_.http_1_0 = line->http_1_0;
  authority_ = std::move(line->authority);
  llhttp_init(&llhttp_, HTTP_REQUEST, Callbacks::table());
  llhttp_.data = this;
  stage_ = Stage::fields;
  std::string as_read(to_string(line->method));
  as_read.append(1, ' ').append(line->target).append(line->http_1_0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
  std::size_t used = 0;
  return execute(as_read, used) ? Event::more : Event::failed;
}

bool Parser::execute(std::string_view bytes, std::size_t& used) {
  const llhttp_errno_t error = llhttp_execute(&llhttp_, bytes.data(), bytes.size());
  used = bytes.size();
  if (error == HPE_OK) return true;
  if (error == HPE_PAUSED || error == HPE_PAUSED_UPGRADE) {
    used = static_cast<std::size_t>(llhttp_get_error_pos(&llhttp_) - bytes.data());
    return true;
  }
  if (failure_.status == 0) {
    const char* reason = llhttp_get_error_reason(&llhttp_);
    refuse(400, reason == nullptr ? "malformed request" : reason);
  }
  stage_ = Stage::failed;
  return false;
}

Parser::Event Parser::on_fields(std::string_view& bytes) {
  std::size_t used = 0;
  const LineGuard::Verdict verdict = guard_.walk(bytes, used);
  if (verdict == LineGuard::Verdict::malformed) return fail(400, guard_.detail());
  if (verdict == LineGuard::Verdict::too_large) return fail(431, "the header fields are more, or longer, than allowed");
  std::size_t taken = 0;
  if (!execute(bytes.substr(0, used), taken)) return Event::failed;
  bytes.remove_prefix(used);
  if (verdict == LineGuard::Verdict::more) return Event::more;
  if (stage_ == Stage::complete) return Event::message;
  // The guard and llhttp must agree on where the head ends.
  return in_body() ? Event::head : fail(400, "malformed header section");
}

Parser::Event Parser::on_body(std::string_view& bytes) {
  const std::size_t body_before = request_.body.size();
  std::size_t used = 0;
  if (!execute(bytes, used)) return Event::failed;
  bytes.remove_prefix(used);
  overhead_bytes_ += used - (request_.body.size() - body_before);
  if (stage_ == Stage::complete) return Event::message;
  if (stage_ == Stage::chunk_line) llhttp_resume(&llhttp_);
  return Event::more;
}

Parser::Event Parser::on_chunk_line(std::string_view& bytes) {
  const std::size_t before = bytes.size();
  const bool complete = chunk_line_.feed(bytes);
  overhead_bytes_ += before - bytes.size();
  if (!chunk_line_.failure().empty()) return fail(400, std::string(chunk_line_.failure()));
  if (mostly_framing()) return fail(413, "the chunks are mostly framing");
  if (!complete) return Event::more;
  std::size_t used = 0;
  stage_ = Stage::body;
  if (!execute(chunk_line_.size() + "\r\n", used)) return Event::failed;
  chunk_line_.reset();
  if (last_chunk_) {
    stage_ = Stage::trailers;
    guard_.reset();
    llhttp_resume(&llhttp_);
  }
  return Event::more;
}

bool Parser::mostly_framing() const { return overhead_bytes_ > limits_.chunk_overhead_bytes_max + 16 * request_.body.size(); }

Parser::Event Parser::on_trailers(std::string_view& bytes) {
  std::size_t used = 0;
  const LineGuard::Verdict verdict = guard_.walk(bytes, used);
  if (verdict == LineGuard::Verdict::malformed) return fail(400, guard_.detail());
  if (verdict == LineGuard::Verdict::too_large) return fail(431, "the trailer fields are more, or longer, than allowed");
  std::size_t taken = 0;
  if (!execute(bytes.substr(0, used), taken)) return Event::failed;
  bytes.remove_prefix(used);
  if (verdict == LineGuard::Verdict::more) return Event::more;
  return stage_ == Stage::complete ? Event::message : fail(400, "malformed trailer section");
}

void Parser::finish_field() {
  request_.headers.emplace_back(std::move(field_), std::string(trim(value_)));
  field_.clear();
  value_.clear();
}

bool Parser::check_head() {
  if (!check_host() || !check_transfer_encoding()) return false;
  const bool close = request_.header_has_token("connection", "close");
  keep_alive_ = !close && (!request_.http_1_0 || request_.header_has_token("connection", "keep-alive"));
  expects_continue_ = false;
  if (!request_.http_1_0 && request_.header_count("expect") > 0) {
    if (!equals_ignoring_case(request_.header_list("expect"), "100-continue"))
      return refuse(417, "only 100-continue can be expected");
    expects_continue_ = true;
  }
  if ((llhttp_.flags & F_CONTENT_LENGTH) != 0 && llhttp_.content_length > limits_.body_bytes_max) {
    return refuse(413, "the body is longer than " + std::to_string(limits_.body_bytes_max) + " bytes");
  }
  return true;
}

// RFC 9112 §3.2: exactly one Host in HTTP/1.1. The authority of an absolute-form target stands above it (§3.2.2).
bool Parser::check_host() {
  const std::size_t count = request_.header_count("host");
  if (count > 1 || (count == 0 && !request_.http_1_0)) return refuse(400, "HTTP/1.1 requires exactly one Host header field");
  if (count == 1 && !is_authority(request_.header("host"))) return refuse(400, "the Host header field is malformed");
  if (authority_.empty()) return true;
  const auto is_host = [](const auto& header) { return header.first == "host"; };
  const auto found = std::find_if(request_.headers.begin(), request_.headers.end(), is_host);
  if (found == request_.headers.end()) {
    request_.headers.emplace_back("host", authority_);
  } else {
    found->second = authority_;
  }
  return true;
}

// RFC 9112 §6.1, §6.3: chunked is the one coding known here, once and last. With Content-Length beside it llhttp has refused
// already.
bool Parser::check_transfer_encoding() {
  if (request_.header_count("transfer-encoding") == 0) return true;
  if (request_.http_1_0) return refuse(400, "HTTP/1.0 knows no Transfer-Encoding");
  const std::string codings = request_.header_list("transfer-encoding");
  if (equals_ignoring_case(codings, "chunked")) return true;
  if (!request_.header_has_token("transfer-encoding", "chunked") && !codings.empty())
    return refuse(501, "this transfer coding is not implemented");
  std::string_view rest = codings;
  std::string_view last;
  unsigned chunked = 0;
  while (next_element(rest, last)) chunked += equals_ignoring_case(last, "chunked") ? 1 : 0;
  if (chunked == 1 && equals_ignoring_case(last, "chunked") && codings.front() != ',' && codings.back() != ',') {
    return refuse(501, "of the transfer codings only chunked is implemented");
  }
  return refuse(400, "chunked must be the last transfer coding, once");
}

}  // namespace parley::http
