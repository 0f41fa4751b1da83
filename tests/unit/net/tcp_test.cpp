// Loopback sockets on ports that the system chooses: what a stream and a listener do cannot be seen without one.

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <thread>

#include "broker/net/tcp_listener.h"
#include "broker/net/tcp_stream.h"
#include "broker/net/timer.h"

namespace parley::net {
namespace {

Address loopback() { return {"127.0.0.1", 0}; }

int connect_to(const Address& address, int receive_buffer = 0) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer != 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  inet_pton(AF_INET, address.host.c_str(), &to.sin_addr);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    ::close(fd);
    return -1;
  }
  timeval limit{.tv_sec = 10, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  return fd;
}

class Listening : public ::testing::Test, public TcpStream::Events {
 protected:
  void listen() {
    Result<ListenSocket> socket = listen_on(loopback(), {.backlog = 128});
    ASSERT_TRUE(socket.ok()) << socket.error().message;
    listener = std::make_unique<TcpListener>(loop, std::move(*socket), [this](int fd) {
      stream = std::make_unique<TcpStream>(loop, fd, *this);
      if (when_accepted) when_accepted();
    });
    guard.once(10'000, [this] {
      ADD_FAILURE() << "nothing happened for 10 s";
      loop.stop();
    });
  }
  void on_read(std::string_view bytes) override {
    received += bytes;
    if (when_read) when_read();
  }
  void on_end() override {
    ended = true;
    if (when_ended) when_ended();
  }
  void on_drained() override {
    drained = true;
    if (when_drained) when_drained();
  }
  void on_broken(std::string_view why) override {
    broken = why;
    loop.stop();
  }
  void drop() { loop.dispose(std::move(stream)); }
  // Runs until a peer with a small window has read everything and ended; what it got.
  std::string run_with_slow_reader() {
    when_ended = [&] {
      drop();
      loop.stop();
    };
    const int client = connect_to(listener->address(), 4096);
    std::string got_all;
    std::thread reader([&] {
      std::vector<char> buffer(65536);
      for (ssize_t got = 0; (got = ::recv(client, buffer.data(), buffer.size(), 0)) > 0;)
        got_all.append(buffer.data(), static_cast<std::size_t>(got));
      ::close(client);
    });
    loop.run();
    reader.join();
    return got_all;
  }

  Loop loop;
  Timer guard{loop};
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<TcpStream> stream;
  std::function<void()> when_accepted;
  std::function<void()> when_read;
  std::function<void()> when_ended;
  std::function<void()> when_drained;
  std::string received;
  std::string broken;
  bool ended = false;
  bool drained = false;
};

TEST_F(Listening, BytesInFramesOutAndAnOrderlyEnd) {
  listen();
  when_accepted = [&] {
    EXPECT_EQ(stream->peer(), "127.0.0.1");
    stream->resume();
  };
  when_read = [&] {
    const std::array frames = {Frame::copy_of("one "), Frame::copy_of(""), Frame::copy_of("two")};
    EXPECT_TRUE(stream->write(frames));
    EXPECT_EQ(stream->queued_bytes(), 0U);
    stream->finish();
    const std::array late = {Frame::copy_of("dropped")};
    stream->write(late);
  };
  when_ended = [&] {
    drop();
    loop.stop();
  };
  const int client = connect_to(listener->address());
  ASSERT_EQ(::send(client, "hello", 5, 0), 5);
  std::string answer;
  std::thread reader([&] {
    std::array<char, 64> buffer{};
    for (ssize_t got = 0; (got = ::recv(client, buffer.data(), buffer.size(), 0)) > 0;)
      answer.append(buffer.data(), static_cast<std::size_t>(got));
    ::close(client);
  });
  loop.run();
  reader.join();
  EXPECT_EQ(received, "hello");
  EXPECT_EQ(answer, "one two");
  EXPECT_TRUE(ended);
}

// What the kernel refuses waits in order, and the drain is told.
TEST_F(Listening, SlowReaderGetsEverythingInOrder) {
  listen();
  constexpr std::size_t frames_count = 300;
  const auto frame = [](std::size_t i) { return Frame::copy_of(std::string(20'000, static_cast<char>('a' + i % 26))); };
  std::size_t queued_most = 0;
  when_accepted = [&] {
    for (std::size_t i = 0; i < frames_count; i += 3) {
      const std::array frames = {frame(i), frame(i + 1), frame(i + 2)};
      EXPECT_TRUE(stream->write(frames));
      queued_most = std::max(queued_most, stream->queued_bytes());
    }
    EXPECT_GT(stream->queued_bytes(), 0U);
  };
  when_drained = [&] {
    EXPECT_EQ(stream->queued_bytes(), 0U);
    stream->finish();
    stream->resume();
  };
  const std::string got_all = run_with_slow_reader();
  std::string expected;
  for (std::size_t i = 0; i < frames_count; ++i) expected += frame(i).bytes();
  EXPECT_TRUE(drained);
  EXPECT_GT(queued_most, 1'000'000U);
  ASSERT_EQ(got_all.size(), expected.size());
  EXPECT_TRUE(got_all == expected);
}

// One write of more frames than a gathered call takes, of sizes that end calls in the middle of a frame: nothing is lost, doubled
// or out of order, whether the kernel takes all of it or not.
TEST_F(Listening, MoreFramesThanOneGatheredCallTakes) {
  listen();
  const auto write_of = [](std::size_t count, std::size_t step) {
    std::vector<Frame> frames;
    for (std::size_t i = 0; i < count; ++i)
      frames.push_back(Frame::copy_of(std::to_string(i) + std::string(i * step % 30'000, '.')));
    return frames;
  };
  const std::vector<Frame> small = write_of(200, 0);
  const std::vector<Frame> large = write_of(500, 7'919);
  when_accepted = [&] {
    EXPECT_TRUE(stream->write(small));
    EXPECT_EQ(stream->queued_bytes(), 0U);
    EXPECT_TRUE(stream->write(large));
    EXPECT_GT(stream->queued_bytes(), 0U);
    EXPECT_TRUE(stream->write(small));  // behind what waits
    stream->finish();
    stream->resume();
  };
  const std::string got_all = run_with_slow_reader();
  std::string expected;
  for (const auto* frames : {&small, &large, &small})
    for (const Frame& frame : *frames) expected += frame.bytes();
  ASSERT_EQ(got_all.size(), expected.size());
  EXPECT_TRUE(got_all == expected);
}

// The peer closes, the first write makes it answer with a reset, the next one ends in EPIPE: the answer says so, no signal ends
// the process and no event comes after.
TEST_F(Listening, WriteAfterThePeerHasGoneIsRefused) {
  listen();
  int client = -1;
  Timer retry(loop);
  const std::function<void()> write_again = [&] {
    if (!stream->write(std::array{Frame::copy_of("x")})) return loop.stop();
    retry.once(1, write_again);
  };
  when_accepted = [&] {  // it does not read: only the writes can see it
    ::close(client);
    write_again();
  };
  client = connect_to(listener->address());
  loop.run();
  EXPECT_EQ(broken, "");
  EXPECT_FALSE(stream->write(std::array{Frame::copy_of("x")}));
}

TEST_F(Listening, PausedStreamReadsNothing) {
  listen();
  Timer later(loop);
  when_accepted = [&] {
    stream->resume();
    stream->pause();
    later.once(20, [&] {
      EXPECT_EQ(received, "");
      stream->resume();
    });
  };
  when_read = [&] {
    drop();
    loop.stop();
  };
  const int client = connect_to(listener->address());
  ASSERT_EQ(::send(client, "hello", 5, 0), 5);
  loop.run();
  EXPECT_EQ(received, "hello");
  ::close(client);
}

TEST_F(Listening, ResetByThePeerIsTold) {
  listen();
  int client = -1;
  when_accepted = [&] {
    stream->resume();
    const linger at_once = {.l_onoff = 1, .l_linger = 0};
    setsockopt(client, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    ::close(client);
  };
  client = connect_to(listener->address());
  loop.run();
  EXPECT_NE(broken, "");
  EXPECT_FALSE(stream->write(std::array{Frame::copy_of("x")}));
}

TEST_F(Listening, OwnResetReachesThePeer) {
  listen();
  when_accepted = [&] {
    stream->reset();
    drop();
    loop.stop();
  };
  const int client = connect_to(listener->address());
  loop.run();
  char byte = 0;
  EXPECT_EQ(::recv(client, &byte, 1, 0), -1);
  EXPECT_EQ(errno, ECONNRESET);
  ::close(client);
}

// A stream may go while frames wait: they are dropped with it.
TEST_F(Listening, DestroyedWithAWriteUnderWay) {
  listen();
  when_accepted = [&] {
    for (int i = 0; i < 200; ++i) EXPECT_TRUE(stream->write(std::array{Frame::copy_of(std::string(50'000, 'x'))}));
    EXPECT_GT(stream->queued_bytes(), 0U);
    drop();
    loop.stop();
  };
  const int client = connect_to(listener->address(), 4096);
  loop.run();
  EXPECT_EQ(stream, nullptr);
  ::close(client);
}

TEST_F(Listening, ConnectionsWaitingAtTheEndAreHandedOver) {
  listen();
  int accepted = 0;
  when_accepted = [&] { ++accepted; };
  std::vector<int> clients;
  for (int i = 0; i < 5; ++i) clients.push_back(connect_to(listener->address()));
  listener.reset();  // no turn has run
  EXPECT_EQ(accepted, 5);
  for (const int client : clients) ::close(client);
}

TEST_F(Listening, NoDescriptorLeftTurnsConnectionsAwayWithoutSpinning) {
  listen();
  int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(listener->address().port);
  inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
  const timeval limit = {.tv_sec = 10, .tv_usec = 0};
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  int turns = 0;
  loop.at_turn_end([&] { ++turns; });
  Timer later(loop);
  const auto run_for = [&](MonoMs ms) {
    turns = 0;
    later.once(ms, [&] { loop.stop(); });
    loop.run();
  };
  run_for(1);  // every callback has run once: UBSan needs a descriptor at its first sight of a type
  rlimit before{};
  getrlimit(RLIMIT_NOFILE, &before);
  const rlimit none_left = {static_cast<rlim_t>(client) + 1, before.rlim_max};
  setrlimit(RLIMIT_NOFILE, &none_left);
  std::vector<int> fillers;  // descriptors below the limit that happen to be free
  for (int fd = 0; (fd = ::dup(client)) >= 0;) fillers.push_back(fd);
  ASSERT_EQ(::connect(client, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
  run_for(50);
  EXPECT_EQ(listener->refused_no_descriptor(), 1U);
  EXPECT_LT(turns, 20);
  for (const int fd : fillers) ::close(fd);
  setrlimit(RLIMIT_NOFILE, &before);
  char byte = 0;
  EXPECT_EQ(::recv(client, &byte, 1, 0), 0);
  ::close(client);
}

TEST(ListenSocket, SeveralShareAPortOfOneProcess) {
  Result<ListenSocket> first = listen_on(loopback(), {.backlog = 16});
  ASSERT_TRUE(first.ok());
  EXPECT_NE(first->address.port, 0);
  EXPECT_TRUE(listen_on(first->address, {.backlog = 16}).ok());
}

// What the kernel took of 8 MiB for a peer that does not read.
std::size_t taken_for_one_who_sleeps(int unsent_bytes) {
  struct Deaf final : TcpStream::Events {
    void on_read(std::string_view) override {}
    void on_end() override {}
    void on_drained() override {}
    void on_broken(std::string_view) override {}
  } deaf;
  Loop loop;
  Result<ListenSocket> socket = listen_on(loopback(), {.backlog = 16, .unsent_bytes = unsent_bytes});
  const int client = connect_to(socket->address);
  std::unique_ptr<TcpStream> stream;
  TcpListener listener(loop, std::move(*socket), [&](int fd) {
    stream = std::make_unique<TcpStream>(loop, fd, deaf);
    loop.stop();
  });
  loop.run();
  const std::string much(std::size_t{8} << 20U, 'x');
  const std::array<Frame, 1> frames = {Frame::copy_of(much)};
  EXPECT_TRUE(stream->write(frames));
  const std::size_t taken = much.size() - stream->queued_bytes();
  ::close(client);
  return taken;
}

TEST(ListenSocket, KernelKeepsAsMuchAsItIsTold) {
  const std::size_t limited = taken_for_one_who_sleeps(64 << 10U);
  EXPECT_LT(limited, std::size_t{512} << 10U);
  EXPECT_GT(taken_for_one_who_sleeps(0), 2 * limited);
}

TEST(ListenSocket, PortInUseIsSaidWithAdvice) {
  Result<ListenSocket> first = listen_on(loopback(), {.backlog = 16});
  ASSERT_TRUE(first.ok());
  const Status free = check_free(first->address);
  ASSERT_FALSE(free.ok());
  EXPECT_EQ(free.error().code, Code::unavailable);
  EXPECT_NE(free.error().message.find("port is in use"), std::string::npos) << free.error().message;
}

TEST(ListenSocket, AddressOfAnotherMachineIsRefused) {
  const Result<ListenSocket> socket = listen_on({"192.0.2.1", 0}, {.backlog = 16});
  ASSERT_FALSE(socket.ok());
  EXPECT_NE(socket.error().message.find("no such address"), std::string::npos) << socket.error().message;
}

TEST(ListenSocket, IPv6TakesIPv4Along) {
  Result<ListenSocket> socket = listen_on({"", 0}, {.backlog = 16});
  ASSERT_TRUE(socket.ok()) << socket.error().message;
  const int client = connect_to({"127.0.0.1", socket->address.port});
  EXPECT_GE(client, 0);
  ::close(client);
}

}  // namespace
}  // namespace parley::net
