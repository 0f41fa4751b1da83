// The time-outs of a connection, by a clock that stands still until told.

#include <gtest/gtest.h>

#include "tests/unit/http/harness.h"

namespace parley::http {
namespace {

using tests::get;
using tests::Harness;
using tests::respond_first;
using tests::statuses;

TEST(Timeouts, AHeadThatIsNotFinishedInTime) {
  Harness harness;
  harness.feed("GET / HT");
  EXPECT_EQ(harness.connection->deadline(), harness.clock.mono_ms() + 10'000);
  for (int second = 0; second < 9; ++second) {  // slowloris: more bytes do not buy more time
    harness.clock.tick(1'000);
    harness.feed(second == 0 ? "TP/1.1\r\n" : "X");
    harness.connection->on_time();
    EXPECT_EQ(harness.sink.closes, 0);
  }
  harness.clock.tick(1'000);
  harness.connection->on_time();
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{408});
  EXPECT_EQ(harness.sink.closing, Closing::lingering);
  EXPECT_EQ(harness.context.counters.timed_out, 1U);
}

TEST(Timeouts, TheNextHeadHasItsOwnTime) {
  Harness harness;
  harness.feed("GET / HTTP/1.1\r\n");
  harness.clock.tick(9'000);
  harness.feed("Host: a\r\n\r\nGET /2");
  EXPECT_EQ(harness.connection->deadline(), harness.clock.mono_ms() + 10'000);
}

TEST(Timeouts, ABodyMustGrow) {
  Harness harness;
  harness.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
  for (int i = 0; i < 5; ++i) {
    harness.clock.tick(9'999);
    harness.feed(std::string(1'024, 'x'));
    harness.connection->on_time();
    ASSERT_EQ(harness.sink.closes, 0) << i;
  }
  harness.clock.tick(9'999);
  harness.feed(std::string(1'023, 'x'));  // one byte too little
  harness.clock.tick(1);
  harness.connection->on_time();
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{408});
}

TEST(Timeouts, AnIdleConnectionIsClosedWithoutAWord) {
  Harness harness;
  harness.clock.tick(50'000);
  harness.feed(get);
  harness.take();
  harness.feed("\r\n");  // an empty line is no request
  harness.clock.tick(74'999);
  harness.connection->on_time();
  EXPECT_EQ(harness.sink.closes, 0);
  harness.clock.tick(1);
  harness.connection->on_time();
  EXPECT_EQ(harness.sink.out, "");
  EXPECT_EQ(harness.sink.closing, Closing::after_flush);
  EXPECT_EQ(harness.context.counters.idle_closed, 1U);
}

TEST(Timeouts, AHandlerThatTakesTooLongIsAnsweredFor) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get);
  harness.clock.tick(89'999);
  harness.connection->on_time();
  EXPECT_EQ(harness.sink.out, "");
  harness.clock.tick(1);
  harness.connection->on_time();
  EXPECT_EQ(statuses(harness.take()), std::vector<int>{503});
  EXPECT_EQ(harness.context.counters.overdue, 1U);
  // Its own answer comes too late, and the connection goes on.
  respond_first(harness, "1");
  EXPECT_EQ(harness.sink.out, "");
  harness.app.later = false;
  harness.feed(get);
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{200});
}

TEST(Timeouts, OfThePeerDoNotRunWhileTheHandlerTakesItsTime) {
  Harness harness;
  harness.app.later = true;
  harness.feed(get);
  EXPECT_EQ(harness.connection->deadline(), harness.clock.mono_ms() + 90'000);
  harness.clock.tick(80'000);
  harness.connection->on_time();
  respond_first(harness, "1");
  EXPECT_EQ(statuses(harness.sink.out), std::vector<int>{200});
  EXPECT_EQ(harness.connection->deadline(), harness.clock.mono_ms() + 75'000);
}

TEST(Timeouts, AreTurnedOffWhileReadingIsPaused) {
  Harness harness;
  harness.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n");
  harness.connection->on_congested(true);
  EXPECT_EQ(harness.connection->deadline(), harness.clock.mono_ms() + 60'000);
  harness.clock.tick(20'000);
  harness.connection->on_congested(false);
  EXPECT_EQ(harness.connection->deadline(), harness.clock.mono_ms() + 10'000);
}

}  // namespace
}  // namespace parley::http
