#pragma once

// Bytes to requests (RFC 9112): llhttp behind a strict guard. Incremental, in pieces of any size; one request at a time, so that
// pipelined ones wait in the caller's buffer. After a failure the framing is lost and nothing more is read.

#include <llhttp.h>

#include <string>
#include <string_view>

#include "http/chunk_line.h"
#include "http/line_guard.h"
#include "http/message.h"
#include "http/request_line.h"
#include "http/settings.h"

namespace parley::http {

class Parser {
 public:
  enum class Event : unsigned char {
    more,     // all bytes are consumed
    head,     // the head is complete and a body follows: request() has everything but the body
    message,  // take() the request
    failed,   // failure() says which answer it gets
  };

  explicit Parser(const Limits& limits);
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() = default;

  // Consumes bytes from the front of `bytes`, up to the next event.
  Event feed(std::string_view& bytes);

  const Request& request() const { return request_; }
  // The message that is complete; the parser is then ready for the next one.
  Request take();
  const Failure& failure() const { return failure_; }

  // Of the request whose head is complete. RFC 9112 §9.3: whether the peer wants the connection kept.
  bool keep_alive() const { return keep_alive_; }
  // RFC 9110 §10.1.1: the peer waits for "100 Continue" before it sends the body.
  bool expects_continue() const { return expects_continue_; }
  // HEAD was read: also the answer to a failure has no body.
  bool is_head_request() const { return request_.method == Method::head; }

  bool in_head() const { return (stage_ == Stage::request_line && line_.begun()) || stage_ == Stage::fields; }
  bool in_body() const { return stage_ == Stage::body || stage_ == Stage::chunk_line || stage_ == Stage::trailers; }
  // Between messages.
  bool idle() const { return !in_head() && !in_body(); }
  std::size_t body_bytes() const { return request_.body.size(); }

 private:
  enum class Stage : unsigned char { request_line, fields, body, chunk_line, trailers, complete, failed };
  struct Callbacks;

  Event fail(int status, std::string detail);
  Event on_request_line();
  Event on_fields(std::string_view& bytes);
  Event on_body(std::string_view& bytes);
  Event on_chunk_line(std::string_view& bytes);
  Event on_trailers(std::string_view& bytes);
  bool mostly_framing() const;
  // Hands bytes to llhttp; false: failed. `used`: how many it took before it paused.
  bool execute(std::string_view bytes, std::size_t& used);
  bool check_head();
  bool check_host();
  bool check_transfer_encoding();
  bool refuse(int status, std::string detail);
  void finish_field();

  const Limits& limits_;
  RequestLineReader line_;
  LineGuard guard_;
  llhttp_t llhttp_{};
  Stage stage_ = Stage::request_line;
  ChunkLine chunk_line_;
  bool last_chunk_ = false;  // its size line has been read: the trailer section follows
  bool keep_alive_ = false;
  bool expects_continue_ = false;
  std::size_t overhead_bytes_ = 0;  // of a chunked body
  std::string field_;
  std::string value_;
  std::string authority_;  // of an absolute-form target
  Request request_;
  Failure failure_;
};

}  // namespace parley::http
