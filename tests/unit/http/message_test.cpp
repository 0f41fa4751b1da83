#include "http/message.h"

#include <gtest/gtest.h>

#include "http/authority.h"
#include "http/negotiation.h"
#include "http/text.h"

namespace parley::http {
namespace {

TEST(Request, FindsHeadersTokensAndCookies) {
  Request request;
  request.headers = {{"connection", "keep-alive, UPGRADE"},
                     {"connection", "x"},
                     {"cookie", "a=1; parley_refresh=\"t.o=k\"; b"},
                     {"cookie", "late=2"}};
  EXPECT_TRUE(request.header_has_token("connection", "upgrade"));
  EXPECT_TRUE(request.header_has_token("connection", "X"));
  EXPECT_FALSE(request.header_has_token("connection", "keep"));
  EXPECT_EQ(request.cookie("a"), "1");
  EXPECT_EQ(request.cookie("parley_refresh"), "t.o=k");
  EXPECT_EQ(request.cookie("late"), "2");
  EXPECT_EQ(request.cookie("b"), "");
  EXPECT_EQ(request.cookie("A"), "");
  EXPECT_EQ(request.header("absent"), "");
}

TEST(Response, AProblemSaysWhatTheProtocolSays) {
  const Response response = Response::problem(Error{Code::rate_limited, "say \"less\"\n"});
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.header("content-type"), "application/problem+json");
  EXPECT_EQ(
      response.body,
      R"({"type":"about:blank","title":"Too Many Requests","status":429,"code":"rate_limited","detail":"say \"less\"\u000a","retry":true})");
}

TEST(Response, AStatusWithoutACodeNamesTheNearest) {
  EXPECT_NE(Response::problem(414, "x").body.find(R"("code":"too_large")"), std::string::npos);
  EXPECT_NE(Response::problem(405, "x").body.find(R"("code":"bad_request")"), std::string::npos);
  EXPECT_NE(Response::problem(501, "x").body.find(R"("code":"bad_request")"), std::string::npos);
  EXPECT_NE(Response::problem(503, "x").body.find(R"("code":"unavailable")"), std::string::npos);
}

TEST(Percent, Decodes) {
  EXPECT_EQ(percent_decode("team%2Fdev+%c3%A9").value(), "team/dev+\xc3\xa9");
  EXPECT_EQ(percent_decode("a+b%2B", true).value(), "a b+");
  for (const char* bad : {"%", "%2", "%zz", "a%0", "%00", "%ff", "%c0%af", "%ed%a0%80", "\xff"}) {
    EXPECT_EQ(percent_decode(bad).ok(), false) << bad;
  }
}

TEST(Percent, FindsQueryParameters) {
  EXPECT_EQ(query_value("a=1&b=x%20y&a=2&c", "a").value(), "1");
  EXPECT_EQ(query_value("a=1&b=x%20y", "b").value(), "x y");
  EXPECT_EQ(query_value("%61=1", "a").value(), "1");
  EXPECT_EQ(query_value("a=1=2", "a").value(), "1=2");
  EXPECT_EQ(query_value("c&a", "c").value(), "");
  EXPECT_EQ(query_value("", "a").value(), "");
  EXPECT_FALSE(query_value("a=%zz", "a").ok());
}

TEST(Authority, IsHostAndPort) {
  for (const char* good : {"a", "a.example", "a:80", "a:", "127.0.0.1:8080", "[::1]", "[2001:db8::1]:443",
                           "xn--bcher-kva.example", "a_b", "a%20b"}) {
    EXPECT_TRUE(is_authority(good)) << good;
  }
  for (const char* bad :
       {"", ":80", "a:b", "a:65536", "u@a", "a/b", "a b", "a,b:1:2", "[::1", "::1", "[]", "[a]", "[::1]x", "a%2", "a?b", "a#"}) {
    EXPECT_FALSE(is_authority(bad)) << bad;
  }
  EXPECT_EQ(normalized_authority("A.example:80", "http"), "a.example");
  EXPECT_EQ(normalized_authority("A.example:80", "https"), "a.example:80");
  EXPECT_EQ(normalized_authority("[::1]:443", "wss"), "[::1]");
  EXPECT_EQ(normalized_authority("a:", "http"), "a");
}

TEST(Negotiation, WeighsCodings) {
  EXPECT_EQ(encoding_weight("gzip, br;q=0.5", "gzip"), 1000);
  EXPECT_EQ(encoding_weight("gzip, br;q=0.5", "br"), 500);
  EXPECT_EQ(encoding_weight("gzip;Q=0.123", "gzip"), 123);
  EXPECT_EQ(encoding_weight("x-gzip", "gzip"), 1000);
  EXPECT_EQ(encoding_weight("br;q=0", "br"), 0);
  EXPECT_EQ(encoding_weight("*;q=0.2", "br"), 200);
  EXPECT_EQ(encoding_weight("*;q=0.2, br;q=0", "br"), 0);
  EXPECT_EQ(encoding_weight("", "br"), 0);
  EXPECT_EQ(encoding_weight("gzip;q=2", "gzip"), 0);
  EXPECT_EQ(encoding_weight("gzip;q=x", "gzip"), 0);
  EXPECT_GT(encoding_weight("", "identity"), 0);
  EXPECT_GT(encoding_weight("gzip", "identity"), 0);
  EXPECT_EQ(encoding_weight("identity;q=0", "identity"), 0);
  EXPECT_EQ(encoding_weight("*;q=0", "identity"), 0);
  EXPECT_EQ(encoding_weight("*;q=0, identity;q=0.1", "identity"), 100);
}

TEST(Negotiation, ComparesEtags) {
  EXPECT_TRUE(etag_matches("\"a\", W/\"b\"", "\"b\"", true));
  EXPECT_FALSE(etag_matches("\"a\", W/\"b\"", "\"b\"", false));
  EXPECT_TRUE(etag_matches("*", "\"b\"", false));
  EXPECT_TRUE(etag_matches("\"x,y\", \"b\"", "\"b\"", true));
  EXPECT_FALSE(etag_matches("b", "\"b\"", true));
  EXPECT_FALSE(etag_matches("", "\"b\"", true));
}

TEST(Text, SplitsListsOutsideQuotes) {
  std::string_view list = " a ,, \"b,\\\"c\" , d";
  std::string_view element;
  std::vector<std::string> found;
  while (next_element(list, element)) found.emplace_back(element);
  EXPECT_EQ(found, (std::vector<std::string>{"a", "\"b,\\\"c\"", "d"}));
  list = "\"never closed, x";
  EXPECT_TRUE(next_element(list, element));
  EXPECT_FALSE(next_element(list, element));
  list = "\"ends with a backslash\\";
  EXPECT_TRUE(next_element(list, element));
  EXPECT_FALSE(next_element(list, element));
}

}  // namespace
}  // namespace parley::http
