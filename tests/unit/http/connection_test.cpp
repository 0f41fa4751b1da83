// Order, keep-alive, back-pressure and the end of a connection, by a clock that stands still until told.

#include <gtest/gtest.h>

#include "tests/unit/http/harness.h"

namespace parley::http {
namespace {

using tests::get;
using tests::Harness;
using tests::respond_first;
using tests::statuses;

const std::string get_close = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
std::string get_path(const std::string& path) { return "GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n"; }
std::string post(const std::string& body) {
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Answers, CarryTheHeadersThatEveryAnswerHas) {
  Harness harness;
  harness.feed(get);
  const std::string out = harness.take();
  EXPECT_TRUE(out.starts_with("HTTP/1.1 200 OK\r\nDate: Mon, 24 Nov 2025 16:00:00 GMT\r\nContent-Length: 6\r\n")) << out;
  for (const char* field : {"X-Content-Type-Options: nosniff", "X-Frame-Options: DENY", "Referrer-Policy: no-referrer",
                            "Cross-Origin-Opener-Policy: same-origin", "Permissions-Policy: camera=()", "Cache-Control: no-store",
                            "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'"}) {
    EXPECT_TRUE(contains(out, std::string("\r\n") + field)) << field;
  }
  EXPECT_FALSE(contains(out, "Connection:"));
}

TEST(Answers, PagesGetThePagesPolicy) {
  Harness harness;
  harness.app.reply = Response::empty(200);
  harness.app.reply->headers = {{"Content-Type", "text/html; charset=utf-8"}, {"Cache-Control", "no-cache"}};
  harness.feed(get);
  EXPECT_TRUE(contains(harness.sink.out, "Content-Security-Policy: default-src 'self'; connect-src 'self' ws: wss:;"));
  EXPECT_TRUE(contains(harness.sink.out, "Cache-Control: no-cache\r\n"));
  EXPECT_FALSE(contains(harness.sink.out, "no-store"));
}

TEST(Answers, TheDateFollowsTheClock) {
  Harness harness;
  harness.clock.tick(999);
  harness.feed(get);
  EXPECT_TRUE(contains(harness.take(), "16:00:00 GMT"));
  harness.clock.tick(1);
  harness.feed(get);
  EXPECT_TRUE(contains(harness.take(), "16:00:01 GMT"));
}

TEST(Answers, HeadHasTheLengthButNoBody) {
  Harness harness;
  harness.feed("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(contains(harness.sink.out, "Content-Length: 8\r\n"));
  EXPECT_TRUE(harness.sink.out.ends_with("\r\n\r\n"));
}

TEST(Answers, AFailedHeadRequestHasNoBodyEither) {
  Harness harness;
  harness.feed("HEAD / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(harness.sink.out.starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(harness.sink.out.ends_with("\r\n\r\n"));
}

TEST(Answers, NoContentHasNeitherBodyNorLength) {
  for (const int status : {204, 304}) {
    Harness harness;
    harness.app.reply = Response::json(status, "ignored");
    harness.feed(get);
    EXPECT_FALSE(contains(harness.sink.out, "Content-Length")) << status;
    EXPECT_TRUE(harness.sink.out.ends_with("\r\n\r\n")) << status;
    EXPECT_EQ(contains(harness.sink.out, "Content-Security-Policy"), status == 204);
  }
}

TEST(Answers, ASharedBodyIsNotCopied) {
  Harness harness;
  harness.app.reply = Response::empty(200);
  harness.app.reply->shared_body = std::make_shared<const std::string>("shared");
  harness.feed(get);
  ASSERT_EQ(harness.sink.shared.size(), 1U);
  EXPECT_EQ(harness.sink.shared[0], harness.app.reply->shared_body);
  EXPECT_TRUE(contains(harness.sink.out, "Content-Length: 6\r\n"));
}

TEST(Answers, AHeaderCannotBeInjected) {
  Harness harness;
  harness.app.reply = Response::empty(200);
  harness.app.reply->headers.emplace_back("X-Echo", "a\r\nSet-Cookie: b");
  harness.feed(get);
  EXPECT_FALSE(contains(harness.sink.out, "\r\nSet-Cookie"));
}

TEST(Answers, ADroppedResponderAnswers500) {
  Harness harness;
  harness.app.drop = true;
  harness.feed(get);
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{500});
  EXPECT_EQ(harness.context.counters.unanswered, 1U);
  EXPECT_EQ(harness.sink.closes, 0);
}

TEST(Answers, OneThatComesAfterTheConnectionsEndIsForgotten) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get);
  harness.connection.reset();
  respond_first(harness, "late");
  EXPECT_EQ(harness.sink.out, "");
}

TEST(Answers, ASecondCallOfAResponderDoesNothing) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get);
  Responder respond = std::move(harness.app.responders.front());
  respond(Response::json(200, "one"));
  respond(Response::json(200, "two"));
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{200});
}

TEST(Pipelining, SafeRequestsBeginTogetherAndAreAnsweredInOrder) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get_path("/1") + get_path("/2") + get_path("/3"));
  ASSERT_EQ(harness.app.responders.size(), 3U);
  harness.app.responders[2](Response::json(200, "three"));
  harness.app.responders[1](Response::json(200, "two"));
  EXPECT_EQ(harness.sink.out, "");
  harness.app.responders[0](Response::json(200, "one"));
  const std::string& out = harness.sink.out;
  EXPECT_LT(out.find("one"), out.find("two"));
  EXPECT_LT(out.find("two"), out.find("three"));
}

TEST(Pipelining, AWriteWaitsUntilTheRequestsBeforeItAreAnswered) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get_path("/1") + post("x") + get_path("/2"));
  ASSERT_EQ(harness.app.requests.size(), 1U);
  EXPECT_FALSE(harness.sink.reading);
  respond_first(harness, "one");
  ASSERT_EQ(harness.app.requests.size(), 2U);
  EXPECT_EQ(harness.app.requests[1].method, Method::post);
  respond_first(harness, "two");
  ASSERT_EQ(harness.app.requests.size(), 3U);
  respond_first(harness, "three");
  EXPECT_EQ(statuses(harness.sink.out), (std::vector<int>{200, 200, 200}));
  EXPECT_TRUE(harness.sink.reading);
}

TEST(Pipelining, AMalformedRequestIsAnsweredInItsTurn) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get + "nonsense\r\n\r\n");
  EXPECT_EQ(harness.sink.out, "");
  respond_first(harness, "one");
  EXPECT_EQ(statuses(harness.sink.out), (std::vector<int>{200, 400}));
  EXPECT_EQ(harness.sink.closes, 1);
}

TEST(BackPressure, ReadingPausesAtPipelineMax) {
  Settings settings;
  settings.pipeline_max = 2;
  Harness harness(settings);
  harness.app.later = true;
  harness.feed(get + get + get);
  EXPECT_EQ(harness.app.requests.size(), 2U);
  EXPECT_FALSE(harness.sink.reading);
  EXPECT_EQ(harness.context.counters.paused, 1U);
  respond_first(harness, "1");
  EXPECT_EQ(harness.app.requests.size(), 3U);
  respond_first(harness, "2");
  EXPECT_TRUE(harness.sink.reading);
}

TEST(BackPressure, ReadingPausesWhileAnswersWaitInMemory) {
  Settings settings;
  settings.pipeline_bytes_max = 100;
  Harness harness(settings);
  harness.app.later = true;
  harness.feed(get + get);
  harness.app.responders[1](Response::json(200, std::string(101, 'x')));
  EXPECT_FALSE(harness.sink.reading);
  harness.feed(get);
  EXPECT_EQ(harness.app.requests.size(), 2U);
  respond_first(harness, "1");
  EXPECT_EQ(harness.app.requests.size(), 3U);
  EXPECT_TRUE(harness.sink.reading);
}

TEST(BackPressure, ACongestedConnectionIsNotRead) {
  Harness harness;
  harness.connection->on_congested(true);
  EXPECT_FALSE(harness.sink.reading);
  harness.feed(get);
  EXPECT_TRUE(harness.app.requests.empty());
  harness.connection->on_congested(false);
  EXPECT_EQ(harness.app.requests.size(), 1U);
  EXPECT_TRUE(harness.sink.reading);
}

TEST(BackPressure, APeerThatDoesNotReadIsCutOff) {
  Harness harness;
  harness.connection->on_congested(true);
  harness.clock.tick(59'999);
  harness.connection->on_congested(true);  // some bytes left
  harness.clock.tick(59'999);
  harness.connection->on_time();
  EXPECT_EQ(harness.sink.closes, 0);
  harness.clock.tick(1);
  EXPECT_EQ(harness.connection->deadline(), harness.clock.mono_ms());
  harness.connection->on_time();
  EXPECT_EQ(harness.sink.closing, Closing::at_once);
  EXPECT_EQ(harness.context.counters.cut_off, 1U);
}

TEST(KeepAlive, Http10IsToldThatItIsKept) {
  Harness harness;
  harness.feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_TRUE(contains(harness.sink.out, "\r\nConnection: keep-alive\r\n"));
  EXPECT_EQ(harness.sink.closes, 0);
}

TEST(KeepAlive, CloseIsAnsweredWithCloseAndNothingBehindItIsRead) {
  Harness harness;
  harness.feed(get_close + get);
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{200});
  EXPECT_TRUE(contains(harness.sink.out, "\r\nConnection: close\r\n"));
  EXPECT_EQ(harness.sink.closing, Closing::lingering);
  EXPECT_TRUE(harness.connection->closed());
  EXPECT_EQ(harness.connection->deadline(), Connection::never);
}

TEST(KeepAlive, TheApplicationMayClose) {
  Harness harness;
  harness.app.reply = Response::json(503, "{}");
  harness.app.reply->close = true;
  harness.feed(get + get);
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{503});
  EXPECT_EQ(harness.sink.closes, 1);
}

TEST(KeepAlive, RequestsMaxEndsTheConnection) {
  Settings settings;
  settings.requests_max = 2;
  Harness harness(settings);
  harness.feed(get);
  EXPECT_FALSE(contains(harness.take(), "Connection: close"));
  harness.feed(get + get);
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{200});
  EXPECT_TRUE(contains(harness.sink.out, "Connection: close"));
  EXPECT_EQ(harness.context.counters.requests_max_closed, 1U);
}

TEST(Continue, IsSentWhenTheBodyIsWanted) {
  Harness harness;
  harness.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(harness.take(), "HTTP/1.1 100 Continue\r\n\r\n");
  harness.feed("hi");
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{200});
}

TEST(Continue, IsLeftOutWhenTheBodyIsThereAlready) {
  Harness harness;
  harness.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi");
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{200});
}

TEST(Continue, WaitsForTheAnswersBeforeIt) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get + "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  EXPECT_EQ(harness.sink.out, "");
  harness.clock.tick(60'000);
  harness.connection->on_time();  // the client waits rightly: no time-out
  EXPECT_EQ(harness.sink.closes, 0);
  respond_first(harness, "1");
  EXPECT_TRUE(harness.sink.out.ends_with("HTTP/1.1 100 Continue\r\n\r\n"));
}

TEST(Continue, ARefusalStandsInItsPlaceAndTheBodyIsNotRead) {
  Harness harness;
  harness.app.early = Response::problem(Error{Code::not_found, "no"});
  harness.feed("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
  harness.feed("hi" + get);
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{404});
  EXPECT_EQ(harness.sink.closing, Closing::lingering);
  EXPECT_TRUE(harness.app.requests.empty());
}

TEST(Drain, ClosesAnIdleConnectionAtOnce) {
  Harness harness;
  harness.feed(get);
  harness.take();
  harness.connection->drain();
  EXPECT_EQ(harness.sink.closes, 1);
  EXPECT_EQ(harness.sink.out, "");
}

TEST(Drain, FinishesWhatWasBegun) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get_path("/1") + get_path("/2"));
  harness.connection->drain();
  EXPECT_EQ(harness.sink.closes, 0);
  respond_first(harness, "1");
  EXPECT_FALSE(contains(harness.take(), "Connection: close"));
  respond_first(harness, "2");
  EXPECT_TRUE(contains(harness.sink.out, "Connection: close"));
  EXPECT_EQ(harness.sink.closing, Closing::lingering);
}

TEST(Drain, LetsARequestThatIsOnItsWayArrive) {
  Harness harness;
  harness.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nh");
  harness.connection->drain();
  EXPECT_EQ(harness.sink.closes, 0);
  harness.feed("i" + get);
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{200});
  EXPECT_TRUE(contains(harness.sink.out, "Connection: close"));
  EXPECT_EQ(harness.sink.closes, 1);
}

TEST(EndOfInput, AnIdleConnectionCloses) {
  Harness harness;
  harness.connection->on_eof();
  EXPECT_EQ(harness.sink.closes, 1);
  EXPECT_EQ(harness.sink.out, "");
}

TEST(EndOfInput, WhatWasAskedIsStillAnswered) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get + post("x"));
  harness.connection->on_eof();
  EXPECT_EQ(harness.sink.closes, 0);
  respond_first(harness, "1");
  ASSERT_EQ(harness.app.responders.size(), 1U);
  respond_first(harness, "2");
  EXPECT_EQ(statuses(harness.sink.out), (std::vector<int>{200, 200}));
  EXPECT_EQ(harness.sink.closes, 1);
}

TEST(EndOfInput, InTheMiddleOfARequest) {
  for (const char* begun : {"GET / HTTP/1.1\r\nHo", "G", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhi",
                            "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n"}) {
    Harness harness;
    harness.feed(begun);
    harness.connection->on_eof();
    EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{400}) << begun;
    EXPECT_EQ(harness.sink.closes, 1) << begun;
    EXPECT_TRUE(harness.app.requests.empty()) << "a truncated request must not be carried out";
  }
}

const std::string upgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

TEST(Switching, HandsOverTheBytesBehindTheRequest) {
  Harness harness;
  harness.feed(upgrade + "\x81\x85rest");
  EXPECT_TRUE(harness.sink.out.starts_with("HTTP/1.1 101 Switching Protocols\r\n"));
  EXPECT_TRUE(contains(harness.sink.out, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_TRUE(harness.connection->switched());
  ASSERT_TRUE(harness.sink.upgraded);
  EXPECT_EQ(harness.sink.upgraded->path, "/ws");
  harness.feed("more");
  EXPECT_EQ(harness.connection->take_rest(), "\x81\x85restmore");
  EXPECT_EQ(harness.connection->deadline(), Connection::never);
  EXPECT_EQ(harness.context.counters.upgrades, 1U);
}

TEST(Switching, WaitsForTheAnswersBeforeIt) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get + upgrade + "rest");
  EXPECT_FALSE(harness.connection->switched());
  respond_first(harness, "1");
  EXPECT_TRUE(harness.connection->switched());
  EXPECT_EQ(statuses(harness.sink.out), (std::vector<int>{200, 101}));
  EXPECT_EQ(harness.connection->take_rest(), "rest");
}

TEST(Switching, ARefusalLeavesAnHttpConnection) {
  Harness harness;
  harness.feed(get_path("/ws") + get);
  EXPECT_EQ(statuses(harness.sink.out), (std::vector<int>{426, 200}));
  EXPECT_TRUE(contains(harness.sink.out, "\r\nConnection: Upgrade\r\n"));
  EXPECT_TRUE(contains(harness.sink.out, "\r\nUpgrade: websocket\r\n"));
  EXPECT_EQ(harness.context.counters.upgrades_refused, 1U);
}

TEST(Counting, EveryKindOfEndIsCounted) {
  Harness harness;
  harness.feed(get + post("x") + "nonsense\r\n");
  const Counters& counters = harness.context.counters;
  EXPECT_EQ(counters.requests, 2U);
  EXPECT_EQ(counters.answers[2], 2U);
  EXPECT_EQ(counters.answers[4], 1U);
  EXPECT_EQ(counters.malformed, 1U);
}

}  // namespace
}  // namespace parley::http
