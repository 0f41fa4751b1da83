#include "http/cors.h"

#include <algorithm>

#include "http/text.h"

namespace parley::http {

namespace {

void set_vary(Response& response, std::string_view name) {
  for (auto& [key, value] : response.headers) {
    if (equals_ignoring_case(key, "vary")) return append_element(value, name);
  }
  response.headers.emplace_back("Vary", name);
}

// True: the origin is allowed, and the answer says so.
bool allow(const CorsPolicy& policy, std::string_view origin, Response& response) {
  if (policy.origins.empty()) return false;
  const bool all = std::find(policy.origins.begin(), policy.origins.end(), "*") != policy.origins.end();
  if (!all) set_vary(response, "Origin");
  const bool named = std::any_of(policy.origins.begin(), policy.origins.end(),
                                 [&](const std::string& own) { return equals_ignoring_case(own, origin); });
  if (origin.empty() || !(all || named)) return false;
  response.headers.emplace_back("Access-Control-Allow-Origin", all ? "*" : std::string(origin));
  if (policy.credentials && !all) response.headers.emplace_back("Access-Control-Allow-Credentials", "true");
  return true;
}

}  // namespace

std::optional<Response> answer_preflight(const CorsPolicy& policy, const Request& request) {
  if (request.method != Method::options || request.header("origin").empty() ||
      request.header("access-control-request-method").empty()) {
    return std::nullopt;
  }
  Response response = Response::empty(204);
  if (!allow(policy, request.header("origin"), response)) return response;
  response.headers.emplace_back("Access-Control-Allow-Methods", "GET, HEAD, POST, PUT, PATCH, DELETE");
  response.headers.emplace_back("Access-Control-Allow-Headers", "Authorization, Content-Type");
  response.headers.emplace_back("Access-Control-Max-Age", std::to_string(policy.max_age_s));
  return response;
}

void permit(const CorsPolicy& policy, std::string_view origin, Response& response) {
  if (allow(policy, origin, response)) response.headers.emplace_back("Access-Control-Expose-Headers", "Retry-After");
}

}  // namespace parley::http
