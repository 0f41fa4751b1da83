#pragma once

// A response as bytes, with the header fields that every answer carries.

#include <string>
#include <string_view>

#include "broker/base/time.h"
#include "http/message.h"
#include "http/settings.h"

namespace parley::http {

// The Date field's value (RFC 9110 §5.6.7), formatted once a second. One per worker loop.
class DateCache {
 public:
  std::string_view at(UnixMs now);

 private:
  UnixMs second_ = -1;
  std::string text_;
};

struct Framing {
  bool close = false;       // Connection: close
  bool keep_alive = false;  // Connection: keep-alive, which HTTP/1.0 has to be told
};

// Status line and header section. Content-Length always, but not with 1xx, 204 and 304 (RFC 9110 §8.6). Fields of the response
// stand in place of the defaults: Cache-Control (no-store) and Content-Security-Policy. A CR, LF or NUL in a value becomes a
// space.
std::string write_head(const Response& response, std::string_view date, Framing framing, const Settings& settings);
// Whether the status has a body at all (RFC 9110 §6.4.1).
bool has_body(int status);

}  // namespace parley::http
