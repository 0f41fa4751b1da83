#include "broker/server/websocket_mode.h"

#include <gtest/gtest.h>

#include "broker/server/handlers.h"
#include "tests/fakes/fake_clock.h"
#include "tests/unit/protocol/websocket_helpers.h"

namespace parley::server {
namespace {

namespace ws = websocket::tests;

// A wire that writes down what it is asked for.
struct FakeWire final : Wire {
  explicit FakeWire(const Clock& its_clock) : clock(its_clock), last(its_clock.mono_ms()) {}
  void send(Frame frame) override {
    if (!finished && !cut) sent += frame.bytes();
  }
  bool congested() override { return full; }
  void pause_reading(bool p) override { paused = p; }
  bool reading_paused() const override { return paused; }
  MonoMs last_byte() const override { return last; }
  void finish() override { finished = true; }
  void cut_off() override { cut = true; }
  void become(std::unique_ptr<Mode>, std::string_view) override {}

  const Clock& clock;
  std::string sent;
  MonoMs last;
  bool full = false;
  bool paused = false;
  bool finished = false;
  bool cut = false;
};

struct FakeHandler final : MessageHandler {
  void on_message(websocket::Opcode, std::string_view payload) override { got += payload; }
  void on_drained() override { ++drained; }
  void on_tick() override { ++ticks; }
  void drain() override { refusing = true; }
  bool settled() const override { return is_settled; }
  std::string got;
  int drained = 0;
  int ticks = 0;
  bool refusing = false;
  bool is_settled = true;
};

class Mode : public ::testing::Test {
 protected:
  Mode() : mode(wire, context, 1000) {
    auto made = std::make_unique<FakeHandler>();
    handler = made.get();
    mode.set_handler(std::move(made));
  }
  void feed(const std::string& bytes) {
    wire.last = clock.mono_ms();
    mode.on_bytes(bytes);
  }
  void tick(MonoMs ms) {
    clock.tick(ms);
    mode.on_tick(clock.mono_ms());
  }
  static std::string frame(unsigned first, std::string_view payload) {
    std::string out;
    out += static_cast<char>(first);
    out += static_cast<char>(payload.size());
    out += payload;
    return out;
  }
  static std::string close_frame(unsigned code, std::string_view reason = {}) {
    std::string payload;
    payload += static_cast<char>(code >> 8U);
    payload += static_cast<char>(code & 0xffU);
    return frame(0x88, payload + std::string(reason));
  }

  fakes::FakeClock clock;
  websocket::ReaderPool readers;
  SocketCounters counters;
  WebSocketSettings settings{.heartbeat_ms = 25'000, .close_ms = 2'000, .drain_grace_ms = 1'000};
  WebSocketContext context{clock, readers, counters, settings};
  FakeWire wire{clock};
  WebSocketMode mode;
  FakeHandler* handler = nullptr;
};

TEST_F(Mode, MessagesGoToTheHandlerAndPingsAreAnswered) {
  feed(ws::text("one") + ws::ping("p") + ws::binary("two"));
  EXPECT_EQ(handler->got, "onetwo");
  EXPECT_EQ(wire.sent, frame(0x8a, "p"));
  EXPECT_EQ(counters.messages_in.get(), 2U);
}

TEST_F(Mode, PeersCloseIsAnsweredWithItsCodeAndTheWireIsFinished) {
  feed(ws::close(4321, "bye") + ws::text("late"));
  EXPECT_EQ(wire.sent, close_frame(4321));
  EXPECT_TRUE(wire.finished);
  EXPECT_EQ(handler->got, "");
}

TEST_F(Mode, PeersCloseWithoutACodeIsAnsweredWithoutOne) {
  feed(ws::client_frame("", {.opcode = 8}));
  EXPECT_EQ(wire.sent, frame(0x88, ""));
  EXPECT_TRUE(wire.finished);
}

TEST_F(Mode, ViolationIsClosedWithItsCodeAndCounted) {
  feed(ws::text("\xff"));
  EXPECT_EQ(wire.sent, close_frame(1007, "invalid UTF-8"));
  EXPECT_TRUE(wire.finished);
  EXPECT_EQ(counters.websocket_violations.get(), 1U);
}

TEST_F(Mode, OwnCloseWaitsForThePeersAnswer) {
  mode.close(1008, "why");
  EXPECT_EQ(wire.sent, close_frame(1008, "why"));
  EXPECT_FALSE(wire.finished);
  mode.send(Frame::copy_of("dropped"));
  feed(ws::text("dropped"));
  EXPECT_EQ(handler->got, "");
  feed(ws::close(1008));
  EXPECT_TRUE(wire.finished);
  EXPECT_EQ(wire.sent, close_frame(1008, "why"));
}

TEST_F(Mode, OwnCloseIsGivenUpAfterAWhile) {
  mode.close(1008, "");
  tick(1'999);
  EXPECT_FALSE(wire.finished);
  tick(1);
  EXPECT_TRUE(wire.finished);
  EXPECT_EQ(handler->ticks, 0);
}

TEST_F(Mode, CloseReadsOnEvenWhenReadingWasPaused) {
  mode.pause_reading(true);
  mode.close(1008, "");
  EXPECT_FALSE(wire.paused);
}

TEST_F(Mode, SilenceIsPingedOnceAndThenClosed) {
  tick(24'999);
  EXPECT_EQ(wire.sent, "");
  tick(1);
  EXPECT_EQ(wire.sent, frame(0x89, ""));
  tick(24'000);
  EXPECT_EQ(wire.sent, frame(0x89, ""));
  tick(1'000);
  EXPECT_EQ(wire.sent, frame(0x89, "") + close_frame(1001, "no sign of life"));
  EXPECT_EQ(counters.ended[static_cast<unsigned>(Ended::silent)].get(), 1U);
}

TEST_F(Mode, AnyByteIsASignOfLife) {
  tick(25'000);
  feed(ws::client_frame("", {.opcode = 10}));
  tick(24'999);
  EXPECT_EQ(wire.sent, frame(0x89, ""));
  tick(1);
  EXPECT_EQ(wire.sent, frame(0x89, "") + frame(0x89, ""));
}

TEST_F(Mode, SilenceIsNotHeldAgainstAClientThatIsNotRead) {
  mode.pause_reading(true);
  tick(100'000);
  EXPECT_EQ(wire.sent, "");
}

TEST_F(Mode, DrainRefusesThenClosesWhenSettledAndAfterAGrace) {
  handler->is_settled = false;
  mode.drain();
  EXPECT_TRUE(handler->refusing);
  feed(ws::text("still answered"));
  EXPECT_EQ(handler->got, "still answered");
  tick(1'500);
  EXPECT_EQ(wire.sent, "");
  handler->is_settled = true;
  tick(250);
  EXPECT_EQ(wire.sent, close_frame(1001, "the server is stopping"));
}

TEST_F(Mode, DrainGivesTheGraceEvenWhenNothingIsUnderWay) {
  mode.drain();
  tick(999);
  EXPECT_EQ(wire.sent, "");
  tick(1);
  EXPECT_EQ(wire.sent, close_frame(1001, "the server is stopping"));
}

TEST_F(Mode, PongsToOneWhoDoesNotReadAreBounded) {
  wire.full = true;
  feed(ws::ping("x"));
  EXPECT_EQ(wire.sent, "");
}

TEST_F(Mode, EchoSendsBackAndPausesWhileCongested) {
  mode.set_handler(std::make_unique<EchoHandler>(mode));
  feed(ws::binary("abc"));
  EXPECT_EQ(wire.sent, frame(0x82, "abc"));
  EXPECT_FALSE(wire.paused);
  wire.full = true;
  feed(ws::text("d"));
  EXPECT_TRUE(wire.paused);
  wire.full = false;
  mode.on_drained();
  EXPECT_FALSE(wire.paused);
}

TEST_F(Mode, RefusingHandlerCloses1013) {
  mode.set_handler(std::make_unique<RefusingHandler>(mode));
  EXPECT_EQ(wire.sent, close_frame(1013, "too many connections"));
}

TEST(WebSocketMode, CountsOpenOnes) {
  fakes::FakeClock clock;
  websocket::ReaderPool readers;
  SocketCounters counters;
  WebSocketSettings settings;
  WebSocketContext context{clock, readers, counters, settings};
  FakeWire wire{clock};
  {
    const WebSocketMode mode(wire, context, 1000);
    EXPECT_EQ(counters.websockets.get(), 1);
  }
  EXPECT_EQ(counters.websockets.get(), 0);
  // The whole idle WebSocket side of a connection, without the session.
  static_assert(sizeof(WebSocketMode) <= 112);
}

}  // namespace
}  // namespace parley::server
