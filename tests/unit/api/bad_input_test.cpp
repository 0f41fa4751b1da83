// What is malformed gets the named error, on every route; nothing of it changes anything.

#include "tests/unit/api/api_fixture.h"
#include "tests/unit/api/described.h"

namespace parley::api::test {
namespace {

using http::Method;

struct Case {
  Method method;
  std::string target;
  std::string body;
  int status;
  std::string part;  // of the detail
};

const std::string room = "/rooms/team%2Fdev";

std::vector<Case> account_cases() {
  const Method post = Method::post;
  std::vector<Case> cases;
  for (const std::string path : {"/register", "/login"}) {
    const std::vector<Case> both = {
        {post, path, "", 400, "\"name\" is missing"},
        {post, path, "{}", 400, "\"name\" is missing"},
        {post, path, R"({"name":"ada2"})", 400, "\"password\" is missing"},
        {post, path, R"({"password":"correct horse"})", 400, "\"name\" is missing"},
        {post, path, R"({"name":null,"password":"correct horse"})", 400, "\"name\" is missing"},
        {post, path, R"({"name":7,"password":"correct horse"})", 400, "\"name\" must be a string"},
        {post, path, R"({"name":"ada2","password":["correct horse"]})", 400, "\"password\" must be a string"},
        {post, path, R"(["ada2","correct horse"])", 400, ""},
        {post, path, R"("ada2")", 400, ""},
        {post, path, "name=ada2&password=correct", 400, ""},
        {post, path, R"({"name":"ada2","password":"correct horse")", 400, ""},
        {post, path, R"({"name":"ada2","password":"correct horse"}x)", 400, ""},
        {post, path, R"({"name":"ada2","name":"bob","password":"correct horse"})", 400, ""},
        {post, path, R"({"name":"ada2","password":"correct\u0000horse"})", 400, ""},
        {post, path, R"({"name":"ada2","password":"correct \ud800 horse"})", 400, ""},
        {post, path, "{\"name\":\"ada2\",\"password\":\"correct \xff horse\"}", 400, ""},
        {post, path, std::string(100'000, '['), 413, "too large"},
        {post, path, std::string(5000, '['), 400, ""},
    };
    cases.insert(cases.end(), both.begin(), both.end());
  }
  const std::vector<Case> more = {
      {post, "/register", Server::credentials("a"), 400, "\"name\" must have 2 to 32"},
      {post, "/register", Server::credentials(std::string(33, 'a')), 400, "\"name\" must have 2 to 32"},
      {post, "/register", Server::credentials("a b"), 400, "\"name\" must consist of"},
      {post, "/register", Server::credentials("_ada"), 400, "\"name\" must consist of"},
      {post, "/register", Server::credentials("\xc3\xa4hm"), 400, "\"name\" must consist of"},
      {post, "/register", Server::credentials("ada2", "short"), 400, "\"password\" must have 8 to 256"},
      {post, "/register", Server::credentials("ada2", std::string(257, 'x')), 400, "\"password\" must have 8 to 256"},
      {post, "/login", Server::credentials("a b"), 401, "wrong name or password"},
      {post, "/login", Server::credentials("ada", std::string(257, 'x')), 401, "wrong name or password"},
      {post, "/login", Server::credentials("ada", ""), 401, "wrong name or password"},
      {post, "/guest", R"({"name":7})", 400, "\"name\" must be a string"},
      {post, "/guest", "[]", 400, ""},
  };
  cases.insert(cases.end(), more.begin(), more.end());
  return cases;
}

std::vector<Case> room_cases() {
  return {
      {Method::get, "/rooms?limit=0", "", 400, "\"limit\""},
      {Method::get, "/rooms?limit=201", "", 400, "\"limit\" must be an integer from 1 to 200"},
      {Method::get, "/rooms?limit=-1", "", 400, "\"limit\""},
      {Method::get, "/rooms?limit=ten", "", 400, "\"limit\""},
      {Method::get, "/rooms?limit=1e2", "", 400, "\"limit\""},
      {Method::get, "/rooms?limit=+5", "", 400, "\"limit\""},
      {Method::get, "/rooms?limit=99999999999999999999", "", 400, "\"limit\""},
      {Method::get, "/rooms?scope=all", "", 400, "\"scope\""},
      {Method::get, "/rooms?q=%ff", "", 400, ""},
      {Method::get, "/rooms?after=%zz", "", 400, ""},
      {Method::post, "/rooms", "", 400, "\"name\" is missing"},
      {Method::post, "/rooms", R"({"name":""})", 400, ""},
      {Method::post, "/rooms", R"({"name":{}})", 400, "\"name\" must be a string"},
      {Method::post, "/rooms", R"({"name":"a+b"})", 400, ""},
      {Method::post, "/rooms", R"({"name":"a/#"})", 400, ""},
      {Method::post, "/rooms", R"({"name":"$SYS/a"})", 400, ""},
      {Method::post, "/rooms", R"({"name":")" + std::string(513, 'a') + "\"}", 413, ""},
      {Method::post, "/rooms", R"({"name":"x","title":7})", 400, "\"title\" must be a string"},
      {Method::post, "/rooms", R"({"name":"x","title":")" + std::string(257, 'a') + "\"}", 413, "title"},
      {Method::post, "/rooms", R"({"name":"x","visibility":"secret"})", 400, "\"visibility\" has an unknown value"},
      {Method::post, "/rooms", R"({"name":"x","visibility":true})", 400, "\"visibility\" must be a string"},
      {Method::post, "/rooms", R"({"name":"x","keep":"some"})", 400, "\"keep\" has an unknown value"},
      {Method::patch, room, "", 400, "nothing to change"},
      {Method::patch, room, R"({"name":"other"})", 400, "nothing to change"},
      {Method::patch, room, R"({"keep":"none"})", 400, "\"keep\""},
      {Method::patch, room, R"({"title":")" + std::string(257, 'a') + "\"}", 413, "title"},
      {Method::patch, "/rooms/unknown", R"({"title":"x"})", 404, ""},
      {Method::get, "/rooms/unknown", "", 404, ""},
      {Method::get, "/rooms/%ff", "", 400, ""},
      {Method::get, "/rooms/a%00b", "", 400, ""},
      {Method::get, "/rooms/a%2", "", 400, ""},
      {Method::get, "/rooms/unknown/messages", "", 404, ""},
      {Method::get, "/rooms/unknown/members", "", 404, ""},
      {Method::get, "/rooms/unknown/presence", "", 404, ""},
      {Method::post, "/rooms/unknown/join", "", 404, ""},
      {Method::post, "/rooms/unknown/leave", "", 404, ""},
      {Method::get, room + "/members?limit=x", "", 400, "\"limit\""},
      {Method::put, room + "/members/@grace", "", 400, "\"role\" is missing"},
      {Method::put, room + "/members/@grace", R"({"role":"guest"})", 400, "\"role\" must be"},
      {Method::put, room + "/members/@grace", R"({"role":"king"})", 400, "\"role\" has an unknown value"},
      {Method::put, room + "/members/@grace", R"({"role":1})", 400, "\"role\" must be a string"},
      {Method::put, room + "/members/nobody", R"({"role":"member"})", 404, ""},
      {Method::del, room + "/members/@grace", "", 404, ""},
      {Method::put, room + "/read", "", 400, "\"seq\" is missing"},
      {Method::put, room + "/read", R"({"seq":-1})", 400, "\"seq\" must be an integer"},
      {Method::put, room + "/read", R"({"seq":1.5})", 400, "\"seq\" must be an integer"},
      {Method::put, room + "/read", R"({"seq":"1"})", 400, "\"seq\" must be an integer"},
      {Method::put, room + "/read", R"({"seq":9007199254740992})", 400, "\"seq\" must be an integer"},
      {Method::post, room + "/signals", "", 400, "\"type\" is missing"},
      {Method::post, room + "/signals", R"({"type":""})", 400, "\"type\" is empty"},
      {Method::post, room + "/signals", R"({"type":")" + std::string(65, 't') + "\"}", 413, "\"type\""},
      {Method::post, room + "/signals", R"({"type":"typing","body":[]})", 400, "\"body\" must be an object"},
      {Method::post, room + "/signals", R"({"type":"typing","body":{"x":")" + std::string(65'530, 'x') + "\"}}", 413, "\"body\""},
  };
}

std::vector<Case> message_cases() {
  const std::string messages = room + "/messages";
  return {
      {Method::get, messages + "?before=0", "", 400, "\"before\""},
      {Method::get, messages + "?before=x", "", 400, "\"before\""},
      {Method::get, messages + "?after=-1", "", 400, "\"after\""},
      {Method::get, messages + "?before=3&after=1", "", 400, "not both"},
      {Method::get, messages + "?limit=0", "", 400, "\"limit\""},
      {Method::get, messages + "?limit=1000", "", 400, "\"limit\""},
      {Method::post, messages, "", 400, "\"body\" is missing"},
      {Method::post, messages, R"({"body":null})", 400, "\"body\" is missing"},
      {Method::post, messages, R"({"body":"hi"})", 400, "\"body\" must be an object"},
      {Method::post, messages, R"({"body":[]})", 400, "\"body\" must be an object"},
      {Method::post, messages, R"({"body":{"a":1,"a":2}})", 400, ""},
      {Method::post, messages, R"({"body":{"text":"\u0000"}})", 400, ""},
      {Method::post, messages, R"({"body":{},"cid":""})", 400, "\"cid\" is empty"},
      {Method::post, messages, R"({"body":{},"cid":7})", 400, "\"cid\" must be a string"},
      {Method::post, messages, R"({"body":{},"cid":")" + std::string(129, 'c') + "\"}", 413, "\"cid\""},
      {Method::post, messages, R"({"body":{},"type":"shout"})", 400, "\"type\" has an unknown value"},
      {Method::post, messages, R"({"body":{},"type":"join"})", 400, "made by the server"},
      {Method::post, messages, R"({"body":{},"type":"room"})", 400, "made by the server"},
      {Method::post, messages, R"({"body":{},"type":1})", 400, "\"type\" must be a string"},
      {Method::post, messages, R"({"body":{},"target":1})", 400, "target"},
      {Method::post, messages, R"({"body":{},"target":"1"})", 400, "\"target\" must be an integer"},
      {Method::post, messages, R"({"body":{},"type":"edit"})", 400, "target"},
      {Method::post, messages, R"({"body":{},"type":"reaction","target":1})", 400, ""},
      {Method::post, messages, R"({"body":{"key":"","on":true},"type":"reaction","target":1})", 400, "\"key\""},
      {Method::post, messages, R"({"body":{"key":")" + std::string(33, 'k') + R"(","on":true},"type":"reaction","target":1})",
       413, "\"key\""},
      {Method::post, messages, R"({"body":{"key":"+1"},"type":"reaction","target":1})", 400, "\"on\""},
      {Method::post, messages, R"({"body":{"on":"yes"},"type":"pin","target":1})", 400, "\"on\""},
      {Method::post, messages, R"({"body":{},"type":"edit","target":999})", 404, ""},
      {Method::post, messages, R"({"type":"delete","target":999})", 404, ""},
      {Method::post, messages, R"({"body":{"text":")" + std::string(65'530, 'x') + "\"}}", 413, "body is longer"},
      {Method::post, messages, R"({"body":{"text":")" + std::string(80'000, 'x') + "\"}}", 413, "too large"},
      {Method::post, "/rooms/a+b/messages", R"({"body":{}})", 400, ""},
      {Method::patch, messages + "/1", "", 400, "\"body\" is missing"},
      {Method::patch, messages + "/1", R"({"body":7})", 400, "\"body\" must be an object"},
      {Method::patch, messages + "/one", R"({"body":{}})", 400, "\"seq\""},
      {Method::patch, messages + "/-1", R"({"body":{}})", 400, "\"seq\""},
      {Method::patch, messages + "/0", R"({"body":{}})", 404, ""},
      {Method::patch, messages + "/999", R"({"body":{}})", 404, ""},
      {Method::del, messages + "/0x1", "", 400, "\"seq\""},
      {Method::del, messages + "/99999999999999999999", "", 400, "\"seq\""},
      {Method::del, messages + "/999", "", 404, ""},
      {Method::get, "/nothing", "", 404, ""},
      {Method::put, messages, "{}", 405, ""},
      {Method::del, "/login", "", 405, ""},
  };
}

void check(const std::vector<Case>& cases) {
  Server server({.guests = true});
  const std::string token = server.sign_up("ada");
  server.sign_up("grace");
  ASSERT_EQ(server.post("/rooms", token, R"({"name":"team/dev"})").status, 201);
  const std::string before = server.get(room, token).body;
  const Node document = parse_openapi();
  for (const Case& c : cases) {
    // Accounts' routes are open, and /guest would take the token for a guest's.
    const bool open = c.target.rfind("/rooms", 0) != 0;
    const Answer answer = server.ask(c.method, c.target, {.body = c.body, .token = open ? "" : token});
    const std::string what = std::string(http::to_string(c.method)) + " " + c.target + " " + c.body.substr(0, 100);
    EXPECT_EQ(answer.status, c.status) << what << " answered " << answer.body;
    ASSERT_EQ(answer.header("Content-Type"), "application/problem+json") << what;
    EXPECT_TRUE(is_described(document.get(), c.method, c.target, answer.status)) << what << ": its status is not in openapi.json";
    EXPECT_EQ(answer.number("status"), static_cast<std::uint64_t>(c.status)) << what;
    EXPECT_NE(answer.text("detail").find(c.part), std::string::npos) << what << " answered " << answer.body;
    EXPECT_FALSE(answer.text("code").empty());
    EXPECT_EQ(answer.object().boolean("retry").value(), false) << what;
  }
  EXPECT_EQ(server.get(room, token).body, before) << "nothing changed";
  EXPECT_EQ(server.get("/rooms?scope=public", token).body.find(R"("name":"x")"), std::string::npos);
}

TEST(BadInput, OfAccounts) { check(account_cases()); }
TEST(BadInput, OfRooms) { check(room_cases()); }
TEST(BadInput, OfMessages) { check(message_cases()); }

TEST(BadInput, OnlyJsonIsTaken) {
  Server server;
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "application/jsonx", "multipart/form-data", " ", "json"}) {
    const Answer answer =
        server.ask(Method::post, "/login", {.body = Server::credentials("ada"), .headers = {{"content-type", type}}});
    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_EQ(answer.text("code"), "bad_request");
    EXPECT_EQ(answer.number("status"), 415U);
  }
  for (const char* type : {"application/json", "Application/JSON; charset=utf-8", "application/json;x=y"}) {
    EXPECT_EQ(
        server.ask(Method::post, "/login", {.body = Server::credentials("ada"), .headers = {{"content-type", type}}}).status, 401)
        << type;
  }
}

TEST(BadInput, OfTheContentCoding) {
  Server server;
  const auto login = [&](const char* coding) {
    return server.ask(
        Method::post, "/login",
        {.body = Server::credentials("ada"), .headers = {{"content-type", "application/json"}, {"content-encoding", coding}}});
  };
  for (const char* coding : {"gzip", "identity, br"}) {
    EXPECT_EQ(login(coding).status, 415) << coding;
    EXPECT_EQ(login(coding).header("Accept-Encoding"), "identity") << coding;
  }
  EXPECT_EQ(login("identity").status, 401);
}

TEST(BadInput, OfTheAuthorizationHeader) {
  Server server({.guests = true});
  const std::string token = server.sign_up("ada");
  const auto me = [&](http::Headers headers) { return server.ask(Method::get, "/me", {.headers = std::move(headers)}).status; };
  for (const std::string& value : {"Bearer " + token, "bearer " + token, "BEARER  " + token + " "}) {
    EXPECT_EQ(me({{"authorization", value}}), 200) << value;
  }
  const std::vector<std::string> wrong = {"Bearer",
                                          "Bearer ",
                                          "Basic YTpi",
                                          "Token " + token,
                                          token,
                                          "Bearer" + token,
                                          "Bearer " + token + " x",
                                          "Bearer \"" + token + "\""};
  for (const std::string& value : wrong) {
    EXPECT_EQ(me({{"authorization", value}}), 401) << value;
    EXPECT_EQ(server.ask(Method::get, "/rooms", {.headers = {{"authorization", value}}}).status, 401)
        << "no guest either: " << value;
  }
  EXPECT_EQ(me({{"authorization", "Bearer " + token}, {"authorization", "Bearer " + token}}), 401);
}

TEST(BadInput, ExpiredTokensAreRefused) {
  Server server;
  const std::string token = server.sign_up("ada");
  server.clock.tick(900'001);
  const Answer answer = server.get("/me", token);
  EXPECT_EQ(answer.status, 401);
  EXPECT_NE(answer.text("detail").find("expired"), std::string::npos);
}

}  // namespace
}  // namespace parley::api::test
