#pragma once

// REST under /api/v1 (docs/protocol.md, "REST"): one object per worker, its handlers in routes_*.cpp. One thread, the worker's.
//
// A handler parses and checks the request, calls the log or the accounts on the log loop, and answers when their reply is back.
// Rights and limits of rooms are the log's; nothing of them is decided here.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/core/log.h"
#include "broker/core/remote.h"
#include "broker/protocol/native_event.h"
#include "http/api/accounts.h"
#include "http/api/jwt_authenticator.h"
#include "http/router.h"

namespace parley::api {

struct ApiSettings {
  bool registration = true;  // what /info says; Accounts enforces it
  std::string version = PARLEY_VERSION;
  native::Limits limits = {};  // body_bytes is enforced here, all are told by /info
  unsigned page_entries = 50;  // `limit` of lists when it is not given
  unsigned page_entries_max = 200;
  std::size_t envelope_bytes = 4096;  // of a request's body around a message's body
  unsigned retry_unavailable_s = 1;   // Retry-After of 503
  unsigned retry_limited_s = 5;       // Retry-After of 429
  // Origins of pages that may use the refresh cookie; empty: only the server's own (http/upgrade.h).
  std::vector<std::string> allowed_origins = {};
};

// One request on its way through a handler.
struct Call {
  http::Request request;
  http::Params params;
  SubjectPtr subject;  // none for Access::open and Access::cookie
  http::Responder respond;
};

class Api {
 public:
  // How a route knows who asks.
  enum class Access : unsigned char {
    open,    // it does not matter
    cookie,  // the refresh cookie; the Origin is checked
    user,    // a token; without one the shared guest "anonymous" where guests are let in
    token,   // a token, always
  };
  using RouteHandler = void (*)(Api& api, Call call);
  struct RouteInfo {
    http::Method method;
    std::string pattern;
    Access access;
  };

  // Everything outlives the router and the last callback.
  Api(Remote<Log> log, Remote<Accounts> accounts, JwtAuthenticator& authenticator, const Clock& clock, ApiSettings settings);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  void add_routes(http::Router& router);
  // From now on what would change something is answered 503 with Retry-After; reading goes on.
  void drain() { draining_ = true; }

  // ---- for the handlers
  Remote<Log>& log() { return log_; }
  Remote<Accounts>& accounts() { return accounts_; }
  JwtAuthenticator& authenticator() { return authenticator_; }
  const ApiSettings& settings() const { return settings_; }
  UnixMs now() const { return clock_.unix_ms(); }
  // The subject that all requests without a token share.
  bool is_anonymous(const Subject& subject) const { return subject.user_id == anonymous_->user_id; }
  // `path` follows /api/v1.
  void add(http::Router& router, http::Method method, std::string_view path, Access access, RouteHandler handler);
  const std::vector<RouteInfo>& routes() const { return routes_; }

  // Calls the log, then answers what `write` makes of the value, or the error's problem.
  template <typename T, typename Work, typename Write>
  void ask_log(Call call, Work work, Write write) {
    ask<T>(log_, std::move(call.respond), std::move(work), std::move(write));
  }
  template <typename T, typename Work, typename Write>
  void ask_accounts(Call call, Work work, Write write) {
    ask<T>(accounts_, std::move(call.respond), std::move(work), std::move(write));
  }

 private:
  template <typename T, typename Service, typename Work, typename Write>
  static void ask(Remote<Service>& remote, http::Responder respond, Work work, Write write) {
    remote.template call<T>(std::move(work), [respond = std::move(respond), write = std::move(write)](Result<T> result) mutable {
      respond(result ? write(*result) : http::Response::problem(result.error()));
    });
  }
  void handle(Access access, RouteHandler handler, http::Method method, Call call);
  // Who asks, or unauthorized.
  Result<SubjectPtr> identify(const http::Request& request, Access access) const;
  http::Responder finishing(http::Responder respond, bool token_sent) const;

  Remote<Log> log_;
  Remote<Accounts> accounts_;
  JwtAuthenticator& authenticator_;
  const Clock& clock_;
  ApiSettings settings_;
  SubjectPtr anonymous_;
  bool draining_ = false;
  std::vector<RouteInfo> routes_;
};

// The credentials of "Authorization: Bearer …" (RFC 6750 §2.1; the scheme without regard to case). Empty without the header;
// unauthorized for another scheme, an empty token or a repeated header.
Result<std::string> bearer_token(const http::Request& request);

// One function a resource (routes_*.cpp).
void add_info_routes(Api& api, http::Router& router);
void add_account_routes(Api& api, http::Router& router);
void add_room_routes(Api& api, http::Router& router);
void add_member_routes(Api& api, http::Router& router);
void add_message_routes(Api& api, http::Router& router);

}  // namespace parley::api
