#include "broker/net/stream_set.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/net/tcp_stream.h"
#include "broker/net/timer.h"

namespace parley::net {
namespace {

// A stream on one end of a pair of sockets; the test has the other one.
class End final : public TcpStream::Events {
 public:
  explicit End(Loop& loop) {
    std::array<int, 2> pair{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()), 0);
    peer = pair[1];
    stream = std::make_unique<TcpStream>(loop, pair[0], *this);
    stream->resume();
  }
  ~End() override { ::close(peer); }
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  void on_read(std::string_view bytes) override {
    received += bytes;
    if (when_read) when_read();
  }
  void on_end() override { ended = true; }
  void on_drained() override {}
  void on_broken(std::string_view) override {}

  void send(std::string_view bytes) const {
    ASSERT_EQ(::send(peer, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
  }

  int peer = -1;
  std::unique_ptr<TcpStream> stream;
  std::function<void()> when_read;
  std::string received;
  bool ended = false;
};

class Streams : public ::testing::Test {
 protected:
  // Runs the loop for some turns' time.
  void run_for(MonoMs ms) {
    Timer end(loop);
    end.once(ms, [this] { loop.stop(); });
    loop.run();
  }

  Loop loop;
};

// Both have bytes when the turn begins; whichever is told first ends the other one.
TEST_F(Streams, OneThatGoesWithinATurnIsNotToldOfWhatWasCollected) {
  End one(loop);
  End other(loop);
  one.when_read = [&] { other.stream.reset(); };
  other.when_read = [&] { one.stream.reset(); };
  one.send("a");
  other.send("b");
  run_for(5);
  EXPECT_EQ(one.received.size() + other.received.size(), 1U);
  EXPECT_NE(one.stream == nullptr, other.stream == nullptr);
}

// The same for one that stops asking: level-triggered, the bytes come once it asks again.
TEST_F(Streams, OneThatPausesWithinATurnHearsLater) {
  End one(loop);
  End other(loop);
  one.when_read = [&] { other.stream->pause(); };
  other.when_read = [&] { one.stream->pause(); };
  one.send("a");
  other.send("b");
  run_for(5);
  EXPECT_EQ(one.received.size() + other.received.size(), 1U);
  one.when_read = other.when_read = nullptr;
  one.stream->resume();
  other.stream->resume();
  run_for(5);
  EXPECT_EQ(one.received, "a");
  EXPECT_EQ(other.received, "b");
}

TEST_F(Streams, MoreReadyStreamsThanATurnTakesAreAllTold) {
  constexpr std::size_t count = 1'500;
  std::vector<std::unique_ptr<End>> ends;
  for (std::size_t i = 0; i < count; ++i) ends.push_back(std::make_unique<End>(loop));
  std::size_t told = 0;
  for (const auto& end : ends) {
    end->when_read = [&] {
      if (++told == count) loop.stop();
    };
    end->send("x");
  }
  Timer guard(loop);
  guard.once(10'000, [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(told, count);
}

// A stream that is always ready holds up neither libuv's timers nor what is posted.
TEST_F(Streams, ABusyStreamStarvesNeitherTimersNorPosts) {
  End busy(loop);
  std::size_t turns = 0;
  busy.when_read = [&] {
    ++turns;
    busy.send("x");
  };
  busy.send("x");
  bool posted = false;
  loop.post([&] { posted = true; });
  run_for(20);
  EXPECT_TRUE(posted);
  EXPECT_GT(turns, 1U);
}

// What libuv is to watch from a stream's call on is watched in the same wait.
TEST_F(Streams, WhatAStreamsCallStartsOnLibuvIsWatchedAtOnce) {
  End end(loop);
  Timer timer(loop);
  bool fired = false;
  end.when_read = [&] {
    timer.once(1, [&] {
      fired = true;
      loop.stop();
    });
  };
  end.send("x");
  Timer guard(loop);
  guard.once(10'000, [&] { loop.stop(); });
  loop.run();
  EXPECT_TRUE(fired);
}

TEST_F(Streams, NothingIsToldWhileNothingHappens) {
  End end(loop);
  int turns = 0;
  const Loop::HookId hook = loop.at_turn_end([&] { ++turns; });
  run_for(50);
  loop.remove_turn_end(hook);
  EXPECT_LT(turns, 10);
  EXPECT_EQ(end.received, "");
  EXPECT_FALSE(end.ended);
}

}  // namespace
}  // namespace parley::net
