// POST /register, /login, /guest, /refresh, /logout; GET /me

#include "broker/protocol/json.h"
#include "http/api/api.h"
#include "http/api/body.h"
#include "http/api/room_json.h"

namespace parley::api {

namespace {

constexpr std::string_view cookie_name = "parley_refresh";

// RFC 6265bis §5.4. Path covers the API alone, so that no other request carries it.
std::string cookie(std::string_view value, std::int64_t max_age_s, bool secure) {
  std::string out = std::string(cookie_name) + "=" + std::string(value) + "; Max-Age=" + std::to_string(max_age_s) +
                    "; Path=/api/v1; HttpOnly; SameSite=Strict";
  if (secure) out += "; Secure";
  return out;
}

void clear_cookie(http::Response& response, bool secure) { response.headers.emplace_back("Set-Cookie", cookie("", 0, secure)); }

// {"user","access_token","expires_in"}
http::Response login_response(int status, const Result<Login>& login, UnixMs now) {
  if (!login) return http::Response::problem(login.error());
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("user");
  write_user(writer, *login->subject);
  writer.member("access_token", login->token).member("expires_in", (login->expires - now) / 1000).end_object();
  return http::Response::json(status, std::move(out));
}

// The same with the refresh cookie.
http::Response grant_response(Api& api, int status, const Grant& grant, bool secure) {
  const UnixMs now = api.now();
  http::Response response = login_response(status, api.authenticator().admit(grant.subject, now), now);
  response.headers.emplace_back("Set-Cookie", cookie(grant.refresh_token, (grant.refresh_expires - now) / 1000, secure));
  return response;
}

using Enter = void (Accounts::*)(Credentials, Reply<Grant>);

void enter(Api& api, Call call, Enter method, int status) {
  Body body(call.request);
  Credentials credentials{body.text("name"), body.text("password"), call.request.peer};
  if (body.error()) return call.respond(http::Response::problem(*body.error()));
  const bool secure = call.request.secure;
  api.ask_accounts<Grant>(
      std::move(call),
      [method, credentials = std::move(credentials)](Accounts& accounts, Reply<Grant> reply) mutable {
        (accounts.*method)(std::move(credentials), std::move(reply));
      },
      [&api, status, secure](const Grant& grant) { return grant_response(api, status, grant, secure); });
}

void post_register(Api& api, Call call) { enter(api, std::move(call), &Accounts::register_account, 201); }
void post_login(Api& api, Call call) { enter(api, std::move(call), &Accounts::login, 200); }

Result<Login> admit(Api& api, const Result<SubjectPtr>& subject) {
  if (!subject) return subject.error();
  return api.authenticator().admit(*subject, api.now());
}

// A guest who sends a token that is still good gets a new one and stays the same guest.
void post_guest(Api& api, Call call) {
  if (!api.authenticator().guests()) {
    return call.respond(http::Response::problem({Code::forbidden, "this server does not let guests in; log in"}));
  }
  Body body(call.request);
  const std::string wish = body.optional_text("name").value_or("");
  if (body.error()) return call.respond(http::Response::problem(*body.error()));
  Result<std::string> token = bearer_token(call.request);
  if (!token) return call.respond(http::Response::problem(token.error()));
  if (!token->empty()) {
    Result<Login> known = api.authenticator().verify(*token, api.now());
    if (!known) return call.respond(http::Response::problem(known.error()));
    if (!known->subject->guest) return call.respond(http::Response::problem({Code::bad_request, "the token is no guest's"}));
    return call.respond(login_response(201, admit(api, known->subject), api.now()));
  }
  call.respond(login_response(201, admit(api, api.authenticator().guest(wish)), api.now()));
}

void post_refresh(Api& api, Call call) {
  const bool secure = call.request.secure;
  std::string token(call.request.cookie(cookie_name));
  if (token.empty()) return call.respond(http::Response::problem({Code::unauthorized, "no refresh cookie; log in"}));
  // A refused cookie is taken away, so that the browser does not offer it again.
  call.respond = [secure, respond = std::move(call.respond)](http::Response response) mutable {
    if (response.status == 401) clear_cookie(response, secure);
    respond(std::move(response));
  };
  api.ask_accounts<Grant>(
      std::move(call),
      [token = std::move(token)](Accounts& accounts, Reply<Grant> reply) { accounts.refresh(token, std::move(reply)); },
      [&api, secure](const Grant& grant) { return grant_response(api, 200, grant, secure); });
}

void post_logout(Api& api, Call call) {
  const bool secure = call.request.secure;
  std::string token(call.request.cookie(cookie_name));
  api.ask_accounts<Nothing>(
      std::move(call),
      [token = std::move(token)](Accounts& accounts, Reply<Nothing> reply) { accounts.logout(token, std::move(reply)); },
      [secure](const Nothing&) {
        http::Response response = http::Response::empty(204);
        clear_cookie(response, secure);
        return response;
      });
}

void get_me(Api&, Call call) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().key("user");
  write_user(writer, *call.subject);
  writer.end_object();
  call.respond(http::Response::json(200, std::move(out)));
}

}  // namespace

void add_account_routes(Api& api, http::Router& router) {
  api.add(router, http::Method::post, "/register", Api::Access::open, post_register);
  api.add(router, http::Method::post, "/login", Api::Access::open, post_login);
  api.add(router, http::Method::post, "/guest", Api::Access::open, post_guest);
  api.add(router, http::Method::post, "/refresh", Api::Access::cookie, post_refresh);
  api.add(router, http::Method::post, "/logout", Api::Access::cookie, post_logout);
  api.add(router, http::Method::get, "/me", Api::Access::token, get_me);
}

}  // namespace parley::api
