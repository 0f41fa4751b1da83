#include "http/api/api.h"

#include "http/api/media_type.h"
#include "http/text.h"
#include "http/upgrade.h"

namespace parley::api {

namespace {

constexpr std::string_view prefix = "/api/v1";

bool has_header(const http::Response& response, std::string_view name) { return !response.header(name).empty(); }

}  // namespace

Api::Api(Remote<Log> log, Remote<Accounts> accounts, JwtAuthenticator& authenticator, const Clock& clock, ApiSettings settings)
    : log_(log),
      accounts_(accounts),
      authenticator_(authenticator),
      clock_(clock),
      settings_(std::move(settings)),
      anonymous_(std::make_shared<const Subject>(Subject{"g_anon", "anonymous", true, {}})) {
  // A page of any origin may perhaps call the API, but never with our cookie.
  std::erase(settings_.allowed_origins, "*");
}

void Api::add_routes(http::Router& router) {
  add_info_routes(*this, router);
  add_account_routes(*this, router);
  add_room_routes(*this, router);
  add_member_routes(*this, router);
  add_message_routes(*this, router);
}

void Api::add(http::Router& router, http::Method method, std::string_view path, Access access, RouteHandler handler) {
  std::string pattern = std::string(prefix) + std::string(path);
  routes_.push_back({method, pattern, access});
  router.add(method, std::move(pattern),
             [this, access, handler, method](http::Request request, http::Params params, http::Responder respond) {
               handle(access, handler, method, {std::move(request), std::move(params), nullptr, std::move(respond)});
             });
}

void Api::handle(Access access, RouteHandler handler, http::Method method, Call call) {
  call.respond = finishing(std::move(call.respond), !call.request.header("authorization").empty());
  if (access == Access::cookie && !http::is_origin_allowed(call.request, settings_.allowed_origins)) {
    return call.respond(http::Response::problem({Code::forbidden, "this may only be asked by the server's own pages"}));
  }
  Result<SubjectPtr> subject = identify(call.request, access);
  if (!subject) return call.respond(http::Response::problem(subject.error()));
  call.subject = std::move(subject).value();
  if (draining_ && !http::is_safe(method)) {
    return call.respond(http::Response::problem({Code::unavailable, "the server is draining; ask again, another one answers"}));
  }
  if (call.request.body.size() > settings_.limits.body_bytes + settings_.envelope_bytes) {
    return call.respond(http::Response::problem({Code::too_large, "the request's body is too large"}));
  }
  if (!call.request.body.empty() && !is_json_media_type(call.request.header("content-type"))) {
    return call.respond(http::Response::problem(415, "the body must be JSON, with \"Content-Type: application/json\""));
  }
  if (const std::string coding = call.request.header_list("content-encoding");
      !coding.empty() && !http::equals_ignoring_case(coding, "identity")) {
    http::Response refusal = http::Response::problem(415, "the body must come without a content coding");
    refusal.headers.emplace_back("Accept-Encoding", "identity");  // RFC 9110 §15.5.16
    return call.respond(std::move(refusal));
  }
  handler(*this, std::move(call));
}

Result<SubjectPtr> Api::identify(const http::Request& request, Access access) const {
  if (access == Access::open || access == Access::cookie) return SubjectPtr();
  Result<std::string> token = bearer_token(request);
  if (!token) return token.error();
  if (token->empty()) {
    if (access == Access::user && authenticator_.guests()) return anonymous_;
    return {Code::unauthorized, "an access token is needed: \"Authorization: Bearer ...\""};
  }
  Result<Login> verified = authenticator_.verify(*token, now());
  if (!verified) return verified.error();
  return std::move(verified->subject);
}

// What every answer carries: nothing of it may be cached by others, and errors say how to go on.
http::Responder Api::finishing(http::Responder respond, bool token_sent) const {
  return [respond = std::move(respond), token_sent, unavailable_s = settings_.retry_unavailable_s,
          limited_s = settings_.retry_limited_s](http::Response response) mutable {
    if (!has_header(response, "cache-control")) response.headers.emplace_back("Cache-Control", "no-store");
    if (response.status == 401) {
      // RFC 6750 §3: no error code when no token was sent.
      response.headers.emplace_back("WWW-Authenticate",
                                    token_sent ? R"(Bearer realm="parley", error="invalid_token")" : R"(Bearer realm="parley")");
    }
    if (response.status == 503) response.headers.emplace_back("Retry-After", std::to_string(unavailable_s));
    if (response.status == 429) response.headers.emplace_back("Retry-After", std::to_string(limited_s));
    respond(std::move(response));
  };
}

Result<std::string> bearer_token(const http::Request& request) {
  const std::size_t count = request.header_count("authorization");
  if (count == 0) return std::string();
  if (count > 1) return {Code::unauthorized, "more than one Authorization header"};
  const std::string_view value = http::trim(request.header("authorization"));
  const std::size_t space = value.find(' ');
  const std::string_view token = space == std::string_view::npos ? std::string_view() : http::trim(value.substr(space + 1));
  if (!http::equals_ignoring_case(value.substr(0, space), "bearer") || token.empty()) {
    return {Code::unauthorized, "the Authorization header must be \"Bearer\" and an access token"};
  }
  return std::string(token);
}

}  // namespace parley::api
