#pragma once

// The whole of REST over a store in memory: router, handlers, accounts, log. Two loops are played by executors that run step by
// step.

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/core/log.h"
#include "broker/protocol/json.h"
#include "http/api/api.h"
#include "http/router.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/manual_executor.h"
#include "tests/fakes/memory_store.h"

namespace parley::api::test {

// Jobs run when the loop's turn comes, on the same thread.
class LoopPool final : public Pool {
 public:
  explicit LoopPool(Executor& loop) : loop_(loop) {}
  void run(UniqueFunction<void()> work, UniqueFunction<void()> done) override {
    loop_.post([work = std::move(work), done = std::move(done)]() mutable {
      work();
      done();
    });
  }

 private:
  Executor& loop_;
};

inline const std::string test_key(32, 'k');

struct Setup {
  bool guests = false;
  AccountSettings accounts = {};
  ApiSettings api = {};
  LogSettings log = {};
  HasherSettings hasher = {HashCost::min, 64};
};

struct Ask {
  std::string body = {};
  std::string token = {};
  std::string cookie = {};
  http::Headers headers = {};  // besides those that follow from the others
  bool secure = false;
  std::string peer = "192.0.2.7";
};

struct Answer {
  int status = 0;
  http::Headers headers;
  std::string body;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (key == name) return value;
    }
    return {};
  }
  json::Object object() const {
    Result<json::Object> parsed = json::Object::parse(body);
    EXPECT_TRUE(parsed.ok()) << body;
    return parsed ? std::move(parsed).value() : json::Object::parse("{}").value();
  }
  std::string text(const char* member) const { return object().string(member).value().value_or("(absent)"); }
  std::uint64_t number(const char* member) const { return object().integer(member).value().value_or(987654321); }
  // The new refresh token, empty when the cookie was cleared or not set.
  std::string cookie() const {
    const std::string set = header("Set-Cookie");
    const std::string prefix = "parley_refresh=";
    return set.rfind(prefix, 0) == 0 ? set.substr(prefix.size(), set.find(';') - prefix.size()) : std::string();
  }
};

class Server {
 public:
  explicit Server(Setup setup = {})
      : log_settings(setup.log),
        store(log_loop),
        pool(log_loop),
        hasher(pool, setup.hasher),
        log(store, clock, log_settings),
        accounts(store, hasher, random, clock, setup.accounts, [this](const std::string& login) { revoked.push_back(login); }),
        tokens({{"k1", test_key}}),
        authenticator(tokens, random, setup.guests),
        api(Remote<Log>(log, log_loop, worker), Remote<Accounts>(accounts, log_loop, worker), authenticator, clock, setup.api) {
    api.add_routes(router);
  }

  // Runs both loops until nothing is left to do.
  void run() {
    while (log_loop.run() + worker.run() > 0) {
    }
  }

  // Dispatches; the answer comes when run() has been called.
  void send(http::Method method, const std::string& target, Ask ask, std::optional<Answer>& answer) {
    http::Request request;
    request.method = method;
    const std::size_t mark = target.find('?');
    request.path = "/api/v1" + target.substr(0, mark);
    if (mark != std::string::npos) request.query = target.substr(mark + 1);
    request.headers = std::move(ask.headers);
    request.headers.emplace_back("host", "chat.example.org");
    if (!ask.token.empty()) request.headers.emplace_back("authorization", "Bearer " + ask.token);
    if (!ask.cookie.empty()) request.headers.emplace_back("cookie", "parley_refresh=" + ask.cookie);
    if (!ask.body.empty() && request.header("content-type").empty()) {
      request.headers.emplace_back("content-type", "application/json");
    }
    request.body = std::move(ask.body);
    request.secure = ask.secure;
    request.peer = ask.peer;
    router.dispatch(std::move(request), [&answer](http::Response response) {
      answer = Answer{response.status, response.headers, response.shared_body ? *response.shared_body : response.body};
    });
  }

  Answer ask(http::Method method, const std::string& target, Ask ask = {}) {
    std::optional<Answer> answer;
    send(method, target, std::move(ask), answer);
    run();
    EXPECT_TRUE(answer.has_value()) << "not answered: " << target;
    return answer.value_or(Answer{});
  }
  Answer get(const std::string& target, std::string token = {}) {
    return ask(http::Method::get, target, {.token = std::move(token)});
  }
  Answer post(const std::string& target, std::string token, std::string body) {
    return ask(http::Method::post, target, {.body = std::move(body), .token = std::move(token)});
  }
  Answer put(const std::string& target, std::string token, std::string body) {
    return ask(http::Method::put, target, {.body = std::move(body), .token = std::move(token)});
  }
  Answer patch(const std::string& target, std::string token, std::string body) {
    return ask(http::Method::patch, target, {.body = std::move(body), .token = std::move(token)});
  }
  Answer remove(const std::string& target, std::string token) {
    return ask(http::Method::del, target, {.token = std::move(token)});
  }

  static std::string credentials(const std::string& name, const std::string& password = "correct horse") {
    return R"({"name":")" + name + R"(","password":")" + password + R"("})";
  }
  // Registers and answers the access token.
  std::string sign_up(const std::string& name) {
    const Answer answer = post("/register", {}, credentials(name));
    EXPECT_EQ(answer.status, 201) << answer.body;
    return answer.text("access_token");
  }

  fakes::FakeClock clock;
  fakes::SeededRandom random;
  fakes::ManualExecutor log_loop;
  fakes::ManualExecutor worker;
  LogSettings log_settings;
  fakes::MemoryStore store;
  LoopPool pool;
  Hasher hasher;
  Log log;
  std::vector<std::string> revoked;
  Accounts accounts;
  Tokens tokens;
  JwtAuthenticator authenticator;
  Api api;
  http::Router router;
};

}  // namespace parley::api::test
