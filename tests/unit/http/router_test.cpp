#include "http/router.h"

#include <gtest/gtest.h>

namespace parley::http {
namespace {

struct Answered {
  Response response = Response::empty(0);
  std::string body() const { return response.body; }
};

Answered ask(Router& router, Method method, std::string path) {
  Answered answered;
  Request request;
  request.method = method;
  request.path = std::move(path);
  router.dispatch(std::move(request), [&](Response response) { answered.response = std::move(response); });
  return answered;
}

Handler say(std::string word) {
  return [word](Request, Params params, Responder respond) {
    std::string out = word;
    for (const auto& [key, value] : params) out += " " + key + "=" + value;
    respond(Response::json(200, out));
  };
}

Router make() {
  Router router;
  router.add(Method::get, "/", say("root"));
  router.add(Method::get, "/rooms", say("rooms"));
  router.add(Method::post, "/rooms", say("make"));
  router.add(Method::get, "/rooms/{room}", say("room"));
  router.add(Method::del, "/rooms/{room}", say("delete"));
  router.add(Method::get, "/rooms/public", say("public"));
  router.add(Method::put, "/rooms/{room}/members/{user}", say("member"));
  return router;
}

TEST(Router, FindsTheHandlerOfMethodAndPath) {
  Router router = make();
  EXPECT_EQ(ask(router, Method::get, "/").body(), "root");
  EXPECT_EQ(ask(router, Method::get, "/rooms").body(), "rooms");
  EXPECT_EQ(ask(router, Method::post, "/rooms").body(), "make");
  EXPECT_EQ(ask(router, Method::head, "/rooms").body(), "rooms");
  EXPECT_EQ(ask(router, Method::get, "/rooms/general").body(), "room room=general");
  EXPECT_EQ(ask(router, Method::put, "/rooms/a/members/u_1").body(), "member room=a user=u_1");
}

TEST(Router, ASegmentIsDecodedAfterItIsSplit) {
  Router router = make();
  EXPECT_EQ(ask(router, Method::get, "/rooms/team%2Fdev").body(), "room room=team/dev");
  EXPECT_EQ(ask(router, Method::get, "/rooms/%2e%2e").body(), "room room=..");
  EXPECT_EQ(ask(router, Method::get, "/rooms/a%").response.status, 400);
  EXPECT_EQ(ask(router, Method::get, "/rooms/%ff").response.status, 400);
  EXPECT_EQ(ask(router, Method::get, "/rooms/%00").response.status, 400);
}

TEST(Router, AWordWinsOverAParameter) {
  Router router = make();
  EXPECT_EQ(ask(router, Method::get, "/rooms/public").body(), "public");
  EXPECT_EQ(ask(router, Method::del, "/rooms/public").body(), "delete room=public");
}

TEST(Router, AnotherMethodIsNotAllowed) {
  Router router = make();
  const Response refused = ask(router, Method::patch, "/rooms").response;
  EXPECT_EQ(refused.status, 405);
  EXPECT_EQ(refused.header("allow"), "GET, HEAD, POST, OPTIONS");
  const Response options = ask(router, Method::options, "/rooms/public").response;
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.header("allow"), "GET, HEAD, DELETE, OPTIONS");
  EXPECT_EQ(ask(router, Method::options, "*").response.status, 204);
}

TEST(Router, UnknownPathsGoToTheFallback) {
  Router router = make();
  for (const char* path : {"/nothing", "/rooms/", "/rooms/a/", "//rooms", "/rooms//members/x", "/Rooms"}) {
    EXPECT_EQ(ask(router, Method::get, path).response.status, 404) << path;
  }
  router.set_fallback(say("fallback"));
  EXPECT_EQ(ask(router, Method::get, "/nothing").body(), "fallback");
  EXPECT_EQ(ask(router, Method::patch, "/rooms").response.status, 405);
}

TEST(Router, RefusesEarlyWhatItWouldRefuseAnyway) {
  Router router = make();
  const auto refused = [&](Method method, std::string path) {
    Request request;
    request.method = method;
    request.path = std::move(path);
    const std::optional<Response> response = router.refuse_early(request);
    return response ? response->status : 0;
  };
  EXPECT_EQ(refused(Method::post, "/rooms"), 0);
  EXPECT_EQ(refused(Method::patch, "/rooms"), 405);
  EXPECT_EQ(refused(Method::options, "/rooms"), 0);
  EXPECT_EQ(refused(Method::post, "/nothing"), 404);
  router.set_fallback(say("fallback"));
  EXPECT_EQ(refused(Method::post, "/nothing"), 0);
}

}  // namespace
}  // namespace parley::http
