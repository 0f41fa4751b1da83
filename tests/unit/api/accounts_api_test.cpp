// Registering, logging in, refreshing, logging out and coming in as a guest, through the router.

#include <set>

#include "tests/unit/api/api_fixture.h"

namespace parley::api::test {
namespace {

using http::Method;

Answer refresh(Server& server, const std::string& cookie) { return server.ask(Method::post, "/refresh", {.cookie = cookie}); }

TEST(AccountsApi, RegisteringLogsIn) {
  Server server;
  const Answer answer = server.post("/register", {}, Server::credentials("Ada"));
  ASSERT_EQ(answer.status, 201) << answer.body;
  EXPECT_EQ(answer.number("expires_in"), 900U);
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  const Answer me = server.get("/me", answer.text("access_token"));
  EXPECT_EQ(me.status, 200);
  const std::string user(answer.object().object("user").value().value());
  EXPECT_EQ(me.body, R"({"user":)" + user + "}");
  EXPECT_NE(user.find(R"("name":"Ada","guest":false)"), std::string::npos) << user;
  EXPECT_NE(user.find(R"({"id":"u_)"), std::string::npos) << user;
}

TEST(AccountsApi, TheCookieIsKeptFromScriptsAndOtherSites) {
  Server server;
  const Answer plain = server.post("/register", {}, Server::credentials("ada"));
  EXPECT_EQ(plain.cookie().size(), 43U);
  EXPECT_EQ(plain.header("Set-Cookie"),
            "parley_refresh=" + plain.cookie() + "; Max-Age=2592000; Path=/api/v1; HttpOnly; SameSite=Strict");
  const Answer secure = server.ask(Method::post, "/login", {.body = Server::credentials("ada"), .secure = true});
  EXPECT_EQ(secure.header("Set-Cookie"),
            "parley_refresh=" + secure.cookie() + "; Max-Age=2592000; Path=/api/v1; HttpOnly; SameSite=Strict; Secure");
}

TEST(AccountsApi, NamesAreTakenWithoutRegardToCase) {
  Server server;
  server.sign_up("Ada");
  const Answer answer = server.post("/register", {}, Server::credentials("aDA"));
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.text("code"), "conflict");
  EXPECT_EQ(server.post("/login", {}, Server::credentials("ADA")).status, 200);
}

TEST(AccountsApi, TwoWhoRegisterANameAtOnceAreOneAccount) {
  Server server;
  std::optional<Answer> one;
  std::optional<Answer> two;
  server.send(Method::post, "/register", {.body = Server::credentials("ada")}, one);
  server.send(Method::post, "/register", {.body = Server::credentials("ada", "another one")}, two);
  server.run();
  EXPECT_EQ((std::set<int>{one->status, two->status}), (std::set<int>{201, 409}));
}

TEST(AccountsApi, ReservedNamesAndClosedRegistrationAreForbidden) {
  Server server;
  for (const char* name : {"parley", "System", "guest-1234"}) {
    EXPECT_EQ(server.post("/register", {}, Server::credentials(name)).status, 403) << name;
  }
  Server closed({.accounts = {.registration = false}, .api = {.registration = false}});
  EXPECT_EQ(closed.post("/register", {}, Server::credentials("ada")).status, 403);
  EXPECT_EQ(closed.get("/info").object().boolean("registration").value(), false);
}

TEST(AccountsApi, LoginSaysTheSameForUnknownAndWrong) {
  Server server;
  server.sign_up("ada");
  const Answer wrong = server.post("/login", {}, Server::credentials("ada", "wrong horse"));
  const Answer unknown = server.post("/login", {}, Server::credentials("grace", "wrong horse"));
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(unknown.status, 401);
  EXPECT_EQ(wrong.body, unknown.body);
  EXPECT_EQ(wrong.header("WWW-Authenticate"), R"(Bearer realm="parley")");
  EXPECT_EQ(wrong.header("Set-Cookie"), "");
}

TEST(AccountsApi, EachLoginIsItsOwn) {
  Server server;
  server.sign_up("ada");
  const Answer one = server.post("/login", {}, Server::credentials("ada"));
  const Answer two = server.post("/login", {}, Server::credentials("ada"));
  EXPECT_NE(one.cookie(), two.cookie());
  EXPECT_EQ(server.ask(Method::post, "/logout", {.cookie = one.cookie()}).status, 204);
  EXPECT_EQ(server.revoked.size(), 1U);
  EXPECT_EQ(refresh(server, one.cookie()).status, 401);
  EXPECT_EQ(refresh(server, two.cookie()).status, 200) << "the other login goes on";
}

TEST(AccountsApi, RefreshTokensRotate) {
  Server server;
  const Answer first = server.post("/register", {}, Server::credentials("ada"));
  const Answer second = refresh(server, first.cookie());
  ASSERT_EQ(second.status, 200) << second.body;
  EXPECT_NE(second.cookie(), first.cookie());
  EXPECT_EQ(second.cookie().size(), 43U);
  EXPECT_EQ(second.object().object("user").value(), first.object().object("user").value());
  EXPECT_EQ(server.get("/me", second.text("access_token")).status, 200);
  const Answer third = refresh(server, second.cookie());
  EXPECT_EQ(third.status, 200);
  EXPECT_TRUE(server.revoked.empty());
}

TEST(AccountsApi, ARefreshTokenUsedTwiceEndsTheLogin) {
  Server server;
  const Answer first = server.post("/register", {}, Server::credentials("ada"));
  const Answer second = refresh(server, first.cookie());
  const Answer third = refresh(server, second.cookie());
  const Answer reused = refresh(server, first.cookie());
  EXPECT_EQ(reused.status, 401);
  EXPECT_EQ(reused.header("Set-Cookie"), "parley_refresh=; Max-Age=0; Path=/api/v1; HttpOnly; SameSite=Strict");
  ASSERT_EQ(server.revoked.size(), 1U) << "sessions are to be closed";
  EXPECT_EQ(server.revoked.front(), server.tokens.verify(first.text("access_token"), server.clock.unix_ms())->subject->login);
  EXPECT_EQ(refresh(server, third.cookie()).status, 401) << "the thief's or the owner's, nobody knows";
  EXPECT_EQ(server.accounts.counters().reused_refresh_tokens, 1U);
}

// The answer was lost, or two tabs asked at once: the one that used neither answer goes on, and both at once cannot.
TEST(AccountsApi, ARepeatedRefreshIsAnsweredAndOnlyOneOfTheTwoAnswersIsGood) {
  Server server;
  const Answer first = server.post("/register", {}, Server::credentials("ada"));
  std::optional<Answer> one;
  std::optional<Answer> two;
  server.send(Method::post, "/refresh", {.cookie = first.cookie()}, one);
  server.send(Method::post, "/refresh", {.cookie = first.cookie()}, two);
  server.run();
  EXPECT_EQ((std::multiset<int>{one->status, two->status}), (std::multiset<int>{200, 200}));
  EXPECT_TRUE(server.revoked.empty());
  EXPECT_EQ(refresh(server, one->cookie()).status, 401);
  EXPECT_EQ(server.revoked.size(), 1U);
  EXPECT_EQ(refresh(server, two->cookie()).status, 401);
}

TEST(AccountsApi, RefreshTokensExpire) {
  Server server;
  const Answer first = server.post("/register", {}, Server::credentials("ada"));
  server.clock.tick(30LL * 86'400'000 + 1);
  EXPECT_EQ(refresh(server, first.cookie()).status, 401);
  EXPECT_TRUE(server.revoked.empty());
}

TEST(AccountsApi, OnlyDigestsOfRefreshTokensAreStored) {
  Server server;
  const Answer first = server.post("/register", {}, Server::credentials("ada"));
  std::optional<Code> code;
  server.store.revoke_refresh(first.cookie(),
                              [&](Result<std::string> family) { code = family ? Code::internal : family.error().code; });
  server.run();
  EXPECT_EQ(code, Code::not_found);
}

TEST(AccountsApi, RefreshNeedsAGoodCookie) {
  Server server;
  EXPECT_EQ(refresh(server, "").status, 401);
  EXPECT_EQ(refresh(server, "x").status, 401);
  EXPECT_EQ(refresh(server, std::string(43, 'A')).status, 401);
  EXPECT_EQ(refresh(server, std::string(5000, 'A')).status, 401);
  EXPECT_TRUE(server.revoked.empty());
}

TEST(AccountsApi, LoggingOutIsSafeToRepeat) {
  Server server;
  const Answer first = server.post("/register", {}, Server::credentials("ada"));
  for (int i = 0; i < 2; ++i) {
    const Answer out = server.ask(Method::post, "/logout", {.cookie = first.cookie(), .secure = true});
    EXPECT_EQ(out.status, 204);
    EXPECT_EQ(out.header("Set-Cookie"), "parley_refresh=; Max-Age=0; Path=/api/v1; HttpOnly; SameSite=Strict; Secure");
  }
  EXPECT_EQ(server.ask(Method::post, "/logout").status, 204);
}

TEST(AccountsApi, AccessTokensEndWithTheirLoginOnceTheWorkerKnows) {
  Server server;
  const Answer first = server.post("/register", {}, Server::credentials("ada"));
  const std::string token = first.text("access_token");
  server.ask(Method::post, "/logout", {.cookie = first.cookie()});
  ASSERT_EQ(server.revoked.size(), 1U);
  server.authenticator.revoke(server.revoked.front(), server.clock.unix_ms());
  EXPECT_EQ(server.get("/me", token).status, 401);
  EXPECT_EQ(server.get("/me", server.post("/login", {}, Server::credentials("ada")).text("access_token")).status, 200);
  server.clock.tick(1'000'000);
  server.authenticator.revoke("another", server.clock.unix_ms());
  EXPECT_EQ(server.authenticator.revoked(), 1U) << "forgotten when its last token has expired";
}

TEST(AccountsApi, ForeignPagesMayNotUseTheCookie) {
  Server server({.api = {.allowed_origins = {"*"}}});
  const Answer first = server.post("/register", {}, Server::credentials("ada"));
  for (const char* origin : {"https://evil.example.net", "null", "", "chat.example.org", "https://chat.example.org.evil.net",
                             "https://chat.example.org:8443", "https://chat.example.org@evil.net"}) {
    for (const char* path : {"/refresh", "/logout"}) {
      const Answer answer = server.ask(Method::post, path, {.cookie = first.cookie(), .headers = {{"origin", origin}}});
      EXPECT_EQ(answer.status, 403) << path << " " << origin;
    }
  }
  EXPECT_TRUE(server.revoked.empty());
  const Answer own =
      server.ask(Method::post, "/refresh", {.cookie = first.cookie(), .headers = {{"origin", "https://chat.example.org"}}});
  EXPECT_EQ(own.status, 200);
  Server listed({.api = {.allowed_origins = {"https://app.example.org"}}});
  const Answer ada = listed.post("/register", {}, Server::credentials("ada"));
  EXPECT_EQ(
      listed.ask(Method::post, "/logout", {.cookie = ada.cookie(), .headers = {{"origin", "https://app.example.org"}}}).status,
      204);
}

TEST(AccountsApi, GuestsComeInWhereTheyMay) {
  Server closed;
  EXPECT_EQ(closed.ask(Method::post, "/guest").status, 403);
  Server server({.guests = true});
  const Answer named = server.post("/guest", {}, R"({"name":"ada"})");
  ASSERT_EQ(named.status, 201) << named.body;
  EXPECT_EQ(named.header("Set-Cookie"), "");
  EXPECT_EQ(named.number("expires_in"), 86400U);
  const Answer me = server.get("/me", named.text("access_token"));
  EXPECT_NE(me.body.find(R"("name":"ada","guest":true)"), std::string::npos) << me.body;
  EXPECT_NE(me.body.find(R"({"id":"g_)"), std::string::npos);
  EXPECT_NE(server.ask(Method::post, "/guest").body.find(R"("name":"guest-)"), std::string::npos) << "no body, no wish";
}

TEST(AccountsApi, AGuestStaysTheSameWithANewToken) {
  Server server({.guests = true});
  const Answer first = server.post("/guest", {}, R"({"name":"ada"})");
  server.clock.tick(3'600'000);
  const Answer second = server.ask(Method::post, "/guest", {.token = first.text("access_token")});
  ASSERT_EQ(second.status, 201) << second.body;
  EXPECT_EQ(second.object().object("user").value(), first.object().object("user").value());
  EXPECT_NE(second.text("access_token"), first.text("access_token"));
  EXPECT_EQ(second.number("expires_in"), 86400U);
  EXPECT_EQ(server.ask(Method::post, "/guest", {.token = server.sign_up("grace")}).status, 400);
}

TEST(AccountsApi, TokensOfGuestsEndWhenGuestsAreNotLetInAnyMore) {
  Server open({.guests = true});
  const std::string token = open.ask(Method::post, "/guest").text("access_token");
  Server closed;
  EXPECT_EQ(closed.get("/me", token).status, 401);
  EXPECT_EQ(closed.get("/rooms", token).status, 401);
}

TEST(AccountsApi, FailedLoginsAreLimitedPerName) {
  Server server({.accounts = {.failures_per_name = {3, 30'000, 100}}});
  server.sign_up("ada");
  server.sign_up("grace");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(server.post("/login", {}, Server::credentials("ada", "wrong horse")).status, 401);
  const Answer limited = server.post("/login", {}, Server::credentials("ADA"));
  EXPECT_EQ(limited.status, 429) << "even with the right password, and under another spelling";
  EXPECT_EQ(limited.text("code"), "rate_limited");
  EXPECT_EQ(limited.header("Retry-After"), "5");
  EXPECT_EQ(server.post("/login", {}, Server::credentials("grace")).status, 200);
  server.clock.tick(30'000);
  EXPECT_EQ(server.post("/login", {}, Server::credentials("ada")).status, 200);
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(server.post("/login", {}, Server::credentials("grace")).status, 200) << "success is free";
  EXPECT_EQ(server.accounts.counters().limited, 1U);
  EXPECT_EQ(server.accounts.counters().failed_logins, 3U);
}

TEST(AccountsApi, FailedLoginsAreLimitedPerAddress) {
  Server server({.accounts = {.failures_per_address = {3, 30'000, 100}}});
  server.sign_up("ada");
  for (const char* name : {"n1", "n2", "n3"}) EXPECT_EQ(server.post("/login", {}, Server::credentials(name)).status, 401);
  EXPECT_EQ(server.post("/login", {}, Server::credentials("ada")).status, 429);
  EXPECT_EQ(server.ask(Method::post, "/login", {.body = Server::credentials("ada"), .peer = "192.0.2.8"}).status, 200);
}

TEST(AccountsApi, ManyGuessesAtOnceCountToo) {
  Server server({.accounts = {.failures_per_name = {3, 30'000, 100}}});
  server.sign_up("ada");
  std::array<std::optional<Answer>, 10> answers;
  for (auto& answer : answers) server.send(Method::post, "/login", {.body = Server::credentials("ada", "wrong horse")}, answer);
  server.run();
  EXPECT_EQ(std::count_if(answers.begin(), answers.end(), [](const auto& answer) { return answer->status == 401; }), 3);
  EXPECT_EQ(std::count_if(answers.begin(), answers.end(), [](const auto& answer) { return answer->status == 429; }), 7);
}

TEST(AccountsApi, RegistrationsCanBeLimited) {
  Server server({.accounts = {.registrations_per_address = {2, 60'000, 100}}});
  server.sign_up("a1");
  server.sign_up("a2");
  EXPECT_EQ(server.post("/register", {}, Server::credentials("a3")).status, 429);
}

TEST(AccountsApi, TooManyHashesAtOnceAreRefused) {
  Server server({.hasher = {HashCost::min, 2}});
  std::array<std::optional<Answer>, 5> answers;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    server.send(Method::post, "/register", {.body = Server::credentials("user" + std::to_string(i))}, answers[i]);
  }
  server.run();
  EXPECT_EQ(std::count_if(answers.begin(), answers.end(), [](const auto& answer) { return answer->status == 201; }), 2);
  EXPECT_EQ(std::count_if(answers.begin(), answers.end(), [](const auto& answer) { return answer->status == 429; }), 3);
}

TEST(AccountsApi, AFailingStoreIsUnavailableAndCostsNoAttempt) {
  Server server({.accounts = {.failures_per_name = {2, 30'000, 100}}});
  const Answer ada = server.post("/register", {}, Server::credentials("ada"));
  server.store.fail_others(true);
  for (int i = 0; i < 5; ++i) {
    const Answer login = server.post("/login", {}, Server::credentials("ada"));
    EXPECT_EQ(login.status, 503);
    EXPECT_EQ(login.header("Retry-After"), "1");
  }
  EXPECT_EQ(server.post("/register", {}, Server::credentials("grace")).status, 503);
  const Answer refreshed = refresh(server, ada.cookie());
  EXPECT_EQ(refreshed.status, 503);
  EXPECT_EQ(refreshed.header("Set-Cookie"), "") << "the cookie is still good";
  EXPECT_EQ(server.ask(Method::post, "/logout", {.cookie = ada.cookie()}).status, 503);
  server.store.fail_others(false);
  EXPECT_EQ(server.post("/login", {}, Server::credentials("ada")).status, 200);
  EXPECT_EQ(refresh(server, ada.cookie()).status, 200);
}

}  // namespace
}  // namespace parley::api::test
