// What must be understood, in every split of its bytes.

#include <gtest/gtest.h>

#include "tests/unit/http/harness.h"

namespace parley::http {
namespace {

using tests::Harness;
using tests::statuses;

struct Good {
  const char* name;
  std::string bytes;
  std::vector<std::string> answers;  // the bodies of ScriptedApplication::describe
  bool closes;
};
std::ostream& operator<<(std::ostream& out, const Good& c) { return out << c.name; }

std::vector<Good> cases() {
  const std::string host = "Host: a\r\n";
  const std::string post = "POST /p HTTP/1.1\r\n" + host;
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  return {
      {"get", "GET /x?y=1 HTTP/1.1\r\n" + host + "\r\n", {"GET /x "}, false},
      {"two_pipelined", "GET /1 HTTP/1.1\r\n" + host + "\r\nGET /2 HTTP/1.1\r\n" + host + "\r\n", {"GET /1 ", "GET /2 "}, false},
      {"empty_lines_before", "\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n", {"GET / "}, false},
      {"empty_line_between",
       post + "Content-Length: 2\r\n\r\nhi\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
       {"POST /p hi", "GET / "},
       false},
      {"body", post + "Content-Length: 5\r\n\r\nhello", {"POST /p hello"}, false},
      {"body_then_get",
       post + "Content-Length: 5\r\n\r\nhelloGET / HTTP/1.1\r\n" + host + "\r\n",
       {"POST /p hello", "GET / "},
       false},
      {"body_of_length_0", post + "Content-Length: 0\r\n\r\n", {"POST /p "}, false},
      {"length_leading_zeros", post + "Content-Length: 0005\r\n\r\nhello", {"POST /p hello"}, false},
      {"length_trailing_space", post + "Content-Length: 5  \r\n\r\nhello", {"POST /p hello"}, false},
      {"post_without_length", post + "\r\n", {"POST /p "}, false},
      {"get_with_body", "GET /g HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nhi", {"GET /g hi"}, false},
      {"chunked", chunked + "5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", {"POST /p hello world"}, false},
      {"chunked_upper_case",
       post + "TRANSFER-ENCODING: CHUNKED\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
       {"POST /p 0123456789"},
       false},
      {"chunk_extension", chunked + "5;a=b\r\nhello\r\n0;c=\"d e\"\r\n\r\n", {"POST /p hello"}, false},
      {"chunk_extensions", chunked + "5;a=b;c;d=\"e;f\\\"g\\\\\"\r\nhello\r\n0;h=i;j=k\r\n\r\n", {"POST /p hello"}, false},
      {"chunk_extensions_with_whitespace", chunked + "5 ;\ta = b ; c\r\nhello\r\n0\r\n\r\n", {"POST /p hello"}, false},
      {"chunk_leading_zeros", chunked + "005\r\nhello\r\n000\r\n\r\n", {"POST /p hello"}, false},
      {"trailers",
       chunked + "2\r\nhi\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n",
       {"POST /p hi", "GET / "},
       false},
      {"chunked_then_get", chunked + "2\r\nhi\r\n0\r\n\r\nGET / HTTP/1.1\r\n" + host + "\r\n", {"POST /p hi", "GET / "}, false},
      {"absolute_form", "GET http://b:8080/x?y HTTP/1.1\r\n" + host + "\r\n", {"GET /x "}, false},
      {"absolute_form_without_path", "GET HTTP://b HTTP/1.1\r\n" + host + "\r\n", {"GET / "}, false},
      {"asterisk", "OPTIONS * HTTP/1.1\r\n" + host + "\r\n", {"OPTIONS * "}, false},
      {"absolute_asterisk", "OPTIONS http://b HTTP/1.1\r\n" + host + "\r\n", {"OPTIONS * "}, false},
      {"http_1_2_is_1_1", "GET / HTTP/1.2\r\n" + host + "\r\n", {"GET / "}, false},
      {"http_1_0", "GET / HTTP/1.0\r\n\r\n", {"GET / "}, true},
      {"http_1_0_keep_alive",
       "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\nGET /2 HTTP/1.0\r\n\r\n",
       {"GET / ", "GET /2 "},
       true},
      {"http_1_0_expect_is_ignored", "POST /p HTTP/1.0\r\nExpect: nonsense\r\nContent-Length: 2\r\n\r\nhi", {"POST /p hi"}, true},
      {"close", "GET / HTTP/1.1\r\n" + host + "Connection: close\r\n\r\nGET /2 HTTP/1.1\r\n" + host + "\r\n", {"GET / "}, true},
      {"close_in_a_list", "GET / HTTP/1.1\r\n" + host + "Connection: x, Close\r\n\r\n", {"GET / "}, true},
      {"other_upgrade_is_ignored",
       "GET / HTTP/1.1\r\n" + host + "Connection: Upgrade\r\nUpgrade: h2c\r\n\r\nGET /2 HTTP/1.1\r\n" + host + "\r\n",
       {"GET / ", "GET /2 "},
       false},
      {"upgrade_with_body",
       post + "Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n\r\nhiGET /2 HTTP/1.1\r\n" + host + "\r\n",
       {"POST /p hi", "GET /2 "},
       false},
      {"ipv6_host", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", {"GET / "}, false},
      {"no_space_after_colon", "GET / HTTP/1.1\r\nHost:a\r\nX:\r\nY:  \t b \r\n\r\n", {"GET / "}, false},
      {"latin_1_value", "GET / HTTP/1.1\r\n" + host + "X: caf\xe9\r\n\r\n", {"GET / "}, false},
      {"url_at_the_limit",
       "GET /" + std::string(8000, 'a') + " HTTP/1.1\r\n" + host + "\r\n",
       {"GET /" + std::string(8000, 'a') + " "},
       false},
      {"bare_characters_in_query", "GET /?q={a|b}^` HTTP/1.1\r\n" + host + "\r\n", {"GET / "}, false},
      {"put_patch_delete",
       "PUT /1 HTTP/1.1\r\n" + host + "\r\nPATCH /2 HTTP/1.1\r\n" + host + "\r\nDELETE /3 HTTP/1.1\r\n" + host + "\r\n",
       {"PUT /1 ", "PATCH /2 ", "DELETE /3 "},
       false},
  };
}

std::vector<std::string> bodies(std::string_view out) {
  std::vector<std::string> found;
  for (std::size_t at = out.find("\r\n\r\n"); at != std::string_view::npos; at = out.find("\r\n\r\n")) {
    const std::size_t length = std::stoul(std::string(out.substr(out.find("Content-Length: ") + 16, 12)));
    found.emplace_back(out.substr(at + 4, length));
    out.remove_prefix(at + 4 + length);
  }
  return found;
}

class GoodInput : public ::testing::TestWithParam<Good> {};

TEST_P(GoodInput, AtOnce) {
  Harness harness;
  harness.feed(GetParam().bytes);
  EXPECT_EQ(bodies(harness.sink.out), GetParam().answers);
  EXPECT_EQ(harness.sink.closes, GetParam().closes ? 1 : 0);
}

TEST_P(GoodInput, ByteByByte) {
  Harness harness;
  harness.feed_by_bytes(GetParam().bytes);
  EXPECT_EQ(bodies(harness.sink.out), GetParam().answers);
  EXPECT_EQ(harness.sink.closes, GetParam().closes ? 1 : 0);
}

TEST_P(GoodInput, EveryCutInTwo) {
  const std::string& bytes = GetParam().bytes;
  if (bytes.size() > 1000) return;  // ByteByByte has them
  for (std::size_t cut = 1; cut < bytes.size(); ++cut) {
    Harness harness;
    harness.feed(std::string_view(bytes).substr(0, cut));
    harness.feed(std::string_view(bytes).substr(cut));
    ASSERT_EQ(bodies(harness.sink.out), GetParam().answers) << "cut at " << cut;
  }
}

// Handlers that answer late, and in the wrong order, change nothing in the order of the answers.
TEST_P(GoodInput, AnsweredLater) {
  Harness harness;
  harness.app.later = true;
  harness.feed(GetParam().bytes);
  std::size_t answered = 0;
  while (!harness.app.responders.empty()) {  // the youngest first
    Responder respond = std::move(harness.app.responders.back());
    harness.app.responders.pop_back();
    const std::size_t answers_before = statuses(harness.sink.out).size();
    const bool first = harness.app.responders.empty();
    respond(Response::json(200, "x"));
    ++answered;
    EXPECT_EQ(statuses(harness.sink.out).size() > answers_before, first) << "only the oldest request's answer may leave";
  }
  EXPECT_EQ(answered, GetParam().answers.size());
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>(answered, 200));
}

std::string name_of(const ::testing::TestParamInfo<Good>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Requests, GoodInput, ::testing::ValuesIn(cases()), name_of);

TEST(Parsing, TheTargetsAuthorityStandsAboveHost) {
  Harness harness;
  harness.feed("GET http://B:81/x?y=1 HTTP/1.1\r\nHost: a\r\nX-Two: 1\r\nx-two:  2 \r\n\r\n");
  ASSERT_EQ(harness.app.requests.size(), 1U);
  const Request& request = harness.app.requests[0];
  EXPECT_EQ(request.header("host"), "B:81");
  EXPECT_EQ(request.query, "y=1");
  EXPECT_EQ(request.header_list("x-two"), "1, 2");
  EXPECT_EQ(request.header_count("x-two"), 2U);
  EXPECT_EQ(request.peer, "192.0.2.7");
}

TEST(Parsing, TrailersDoNotReachTheRequest) {
  Harness harness;
  harness.feed("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nAuthorization: Bearer x\r\n\r\n");
  ASSERT_EQ(harness.app.requests.size(), 1U);
  EXPECT_EQ(harness.app.requests[0].header_count("authorization"), 0U);
}

TEST(Parsing, NothingOfOneRequestStaysForTheNext) {
  Harness harness;
  harness.feed("POST /1?q HTTP/1.1\r\nHost: a\r\nX: 1\r\nContent-Length: 2\r\n\r\nhi");
  harness.feed("GET /2 HTTP/1.1\r\nHost: b\r\n\r\n");
  ASSERT_EQ(harness.app.requests.size(), 2U);
  const Request& second = harness.app.requests[1];
  EXPECT_EQ(second.headers.size(), 1U);
  EXPECT_EQ(second.query, "");
  EXPECT_EQ(second.body, "");
}

TEST(Parsing, LimitsAreSettings) {
  Settings settings;
  settings.limits.request_line_bytes_max = 32;
  settings.limits.header_bytes_max = 64;
  settings.limits.headers_max = 3;
  settings.limits.body_bytes_max = 4;
  const auto status = [&](const std::string& bytes) {
    Harness harness(settings);
    harness.feed(bytes);
    return statuses(harness.sink.out);
  };
  const std::string host = "Host: a\r\n";
  EXPECT_EQ(status("GET /" + std::string(18, 'a') + " HTTP/1.1\r\n" + host + "\r\n"), std::vector<int>{200});
  EXPECT_EQ(status("GET /" + std::string(19, 'a') + " HTTP/1.1\r\n" + host + "\r\n"), std::vector<int>{414});
  EXPECT_EQ(status("GET / HTTP/1.1\r\n" + host + "A: 1\r\nB: 2\r\n\r\n"), std::vector<int>{200});
  EXPECT_EQ(status("GET / HTTP/1.1\r\n" + host + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n"), std::vector<int>{431});
  EXPECT_EQ(status("GET / HTTP/1.1\r\n" + host + "A: " + std::string(60, 'a') + "\r\n\r\n"), std::vector<int>{431});
  EXPECT_EQ(status("PUT / HTTP/1.1\r\n" + host + "Content-Length: 4\r\n\r\nabcd"), std::vector<int>{200});
  EXPECT_EQ(status("PUT / HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nabcde"), std::vector<int>{413});
  EXPECT_EQ(status("PUT / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"),
            std::vector<int>{413});
}

}  // namespace
}  // namespace parley::http
