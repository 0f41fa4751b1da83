#pragma once

// Which pages of other origins may call the API from a browser (Fetch standard, "CORS protocol"). None by default.

#include <optional>
#include <string>
#include <vector>

#include "http/message.h"

namespace parley::http {

struct CorsPolicy {
  std::vector<std::string> origins;  // "https://chat.example.com"; "*": all, then never with credentials
  bool credentials = false;          // the refresh cookie may come along
  unsigned max_age_s = 600;          // how long a browser may remember a preflight's answer
};

// The answer to a preflight request (OPTIONS with Origin and Access-Control-Request-Method); none when the request is no
// preflight. From an origin that is not allowed it carries no permission, which is how the browser is told no.
std::optional<Response> answer_preflight(const CorsPolicy& policy, const Request& request);
// Adds to an answer what lets the page read it. `origin`: the request's Origin header field.
void permit(const CorsPolicy& policy, std::string_view origin, Response& response);

}  // namespace parley::http
