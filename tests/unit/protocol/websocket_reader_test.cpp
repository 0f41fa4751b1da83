#include "broker/protocol/websocket_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/protocol/websocket_helpers.h"

namespace parley::websocket::tests {
namespace {

using Seen = std::vector<std::string>;
constexpr std::size_t limit = 1000;

struct Piecewise {
  ReaderPool pool;
  // Feeds the stream in pieces of that many bytes and answers what was seen.
  Seen run(std::string_view stream, std::size_t piece, std::size_t message_bytes_max = limit) {
    Reader reader(pool, message_bytes_max);
    Recorder recorder;
    for (std::size_t at = 0; at < stream.size(); at += piece) reader.feed(stream.substr(at, piece), recorder);
    idle = reader.idle();
    return recorder.seen;
  }
  bool idle = false;
};

// The same events whatever the pieces are.
void expect_events(const std::string& stream, const Seen& expected, std::size_t message_bytes_max = limit) {
  Piecewise p;
  const std::size_t all = stream.size();
  for (const std::size_t piece : {all, std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{13}}) {
    EXPECT_EQ(p.run(stream, piece, message_bytes_max), expected) << "pieces of " << piece;
    EXPECT_TRUE(p.idle) << "holds memory after pieces of " << piece;
  }
  for (std::size_t cut = 1; cut < all && all < 400; ++cut) {
    Reader reader(p.pool, message_bytes_max);
    Recorder recorder;
    reader.feed(std::string_view(stream).substr(0, cut), recorder);
    reader.feed(std::string_view(stream).substr(cut), recorder);
    EXPECT_EQ(recorder.seen, expected) << "cut at " << cut;
  }
  EXPECT_EQ(p.pool.borrowed(), 0U);
}

TEST(WebSocketReader, MessagesOfEveryLengthForm) {
  expect_events(text("hello"), {"text hello"});
  expect_events(text("") + binary(""), {"text ", "binary "});
  for (const std::size_t size : {125U, 126U, 127U, 999U, 1000U}) {
    const std::string payload(size, 'x');
    expect_events(binary(payload) + text("after"), {"binary " + payload, "text after"});
  }
  const std::string big(70'000, 'y');
  expect_events(text(big) + text("after"), {"text " + big, "text after"}, 100'000);
}

TEST(WebSocketReader, ManyFramesInOnePiece) {
  std::string stream;
  Seen expected;
  for (int i = 0; i < 2000; ++i) {
    stream += text("message " + std::to_string(i));
    expected.push_back("text message " + std::to_string(i));
  }
  expect_events(stream, expected);
}

TEST(WebSocketReader, FragmentsBecomeOneMessage) {
  expect_events(first("a") + middle("b") + last("c"), {"text abc"});
  expect_events(first("") + middle("") + last(""), {"text "});
  expect_events(first("") + last("abc") + text("next"), {"text abc", "text next"});
  expect_events(client_frame("\xff", {.fin = false, .opcode = 2}) + last("\xfe"), {"binary \xff\xfe"});
}

TEST(WebSocketReader, ControlFramesBetweenFragments) {
  const std::string pong = client_frame("p", {.opcode = 10});
  expect_events(first("a") + ping("1") + middle("b") + pong + ping("") + last("c"), {"ping 1", "pong p", "ping ", "text abc"});
  expect_events(ping(std::string(125, 'z')), {"ping " + std::string(125, 'z')});
}

TEST(WebSocketReader, CloseFrames) {
  expect_events(client_frame("", {.opcode = 8}), {"close 1005 "});
  expect_events(close(1000, "bye"), {"close 1000 bye"});
  expect_events(close(1000) + text("ignored"), {"close 1000 "});
  expect_events(first("abc") + close(1001), {"close 1001 "});
  for (const unsigned code :
       {1000U, 1001U, 1002U, 1003U, 1007U, 1008U, 1009U, 1010U, 1011U, 1012U, 1013U, 1014U, 3000U, 3999U, 4000U, 4999U}) {
    expect_events(close(static_cast<std::uint16_t>(code)), {"close " + std::to_string(code) + " "});
  }
  for (const unsigned code : {0U, 1U, 999U, 1004U, 1005U, 1006U, 1015U, 1016U, 1100U, 2000U, 2999U, 5000U, 65535U}) {
    expect_events(close(static_cast<std::uint16_t>(code)), {"violation 1002"});
  }
  expect_events(client_frame("x", {.opcode = 8}), {"violation 1002"});
  expect_events(close(1000, "\xc3"), {"violation 1007"});
  expect_events(close(1000, std::string(123, 'r')), {"close 1000 " + std::string(123, 'r')});
}

TEST(WebSocketReader, ViolationsAreEnd) {
  const Seen protocol_error = {"violation 1002"};
  for (unsigned rsv = 1; rsv < 8; ++rsv) expect_events(client_frame("x", {.rsv = rsv}) + text("y"), protocol_error);
  for (const unsigned opcode : {3U, 4U, 5U, 6U, 7U, 11U, 12U, 13U, 14U, 15U}) {
    expect_events(client_frame("x", {.opcode = opcode}), protocol_error);
    expect_events(client_frame("", {.opcode = opcode}), protocol_error);
  }
  for (const unsigned opcode : {0U, 1U, 2U, 8U, 9U, 10U})
    expect_events(client_frame("x", {.opcode = opcode, .masked = false}), protocol_error);
  for (const unsigned opcode : {8U, 9U, 10U}) {
    expect_events(client_frame("\x03\xe8", {.fin = false, .opcode = opcode}), protocol_error);
    expect_events(client_frame(std::string(126, 'x'), {.opcode = opcode}), protocol_error);
    expect_events(client_frame(std::string(126, 'x'), {.opcode = opcode, .length_form = 8}), protocol_error);
  }
  expect_events(last("x"), protocol_error);
  expect_events(middle("x"), protocol_error);
  expect_events(first("x") + text("y"), protocol_error);
  expect_events(first("x") + binary("y"), protocol_error);
  expect_events(text("ok") + client_frame("x", {.rsv = 4}), {"text ok", "violation 1002"});
}

TEST(WebSocketReader, LengthsNotInTheirShortestForm) {
  expect_events(client_frame("hello", {.length_form = 2}), {"violation 1002"});
  expect_events(client_frame("hello", {.length_form = 8}), {"violation 1002"});
  expect_events(client_frame(std::string(300, 'x'), {.length_form = 8}), {"violation 1002"});
}

// A header that breaks a rule is not waited on: no byte of the payload is needed.
TEST(WebSocketReader, HeaderAloneIsEnough) {
  const auto after_header = [](std::uint64_t declared, FrameShape shape) {
    shape.declared = declared;
    const std::string header = client_frame("", shape);
    Piecewise p;
    Seen whole = p.run(header, header.size());
    EXPECT_EQ(p.run(header, 1), whole);
    return whole;
  };
  EXPECT_EQ(after_header(limit, {}), Seen{});
  EXPECT_EQ(after_header(limit + 1, {}), Seen{"violation 1009"});
  EXPECT_EQ(after_header(std::uint64_t{1} << 40U, {.opcode = 2}), Seen{"violation 1009"});
  EXPECT_EQ(after_header((std::uint64_t{1} << 63U) - 1, {.opcode = 2}), Seen{"violation 1009"});
  EXPECT_EQ(after_header(5, {.rsv = 2}), Seen{"violation 1002"});
  EXPECT_EQ(after_header(5, {.opcode = 5}), Seen{"violation 1002"});
  EXPECT_EQ(after_header(5, {.opcode = 0}), Seen{"violation 1002"});
  EXPECT_EQ(after_header(5, {.masked = false}), Seen{"violation 1002"});
  EXPECT_EQ(after_header(5, {.fin = false, .opcode = 9}), Seen{"violation 1002"});
  EXPECT_EQ(after_header(126, {.opcode = 9}), Seen{"violation 1002"});
}

// §5.2: the most significant bit of a 64-bit length must be 0.
TEST(WebSocketReader, LengthBeyond63Bits) {
  Piecewise p;
  const std::string stream = client_frame("x", {.declared = ~std::uint64_t{0} - 1, .length_form = 8});
  const Seen seen = p.run(stream, stream.size());
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_TRUE(seen[0] == "violation 1002" || seen[0] == "violation 1009") << seen[0];
}

TEST(WebSocketReader, MessageLimitCountsAllFragments) {
  const std::string half(limit / 2, 'x');
  expect_events(first(half) + last(half), {"text " + half + half});
  expect_events(first(half) + last(half + "y"), {"violation 1009"});
  expect_events(first(half) + middle(half) + ping("still") + middle("") + last("z"), {"ping still", "violation 1009"});
  expect_events(text(half + half + "y"), {"violation 1009"});
}

TEST(WebSocketReader, Utf8FailsAtTheFirstBadByte) {
  // Complete, then a byte that can continue nothing; the rest of the frame has not come.
  const std::string good = "\xce\xba\xe1\xbd\xb9";
  const std::string stream = client_frame(good + "\xf4\x90\x80\x80 more and more");
  ReaderPool pool;
  Reader reader(pool, limit);
  Recorder recorder;
  const std::size_t bad = 6 + good.size() + 1;  // the header's 6 bytes; 0x90 after 0xf4 is beyond U+10FFFF
  for (std::size_t i = 0; i < bad; ++i) reader.feed(std::string_view(stream).substr(i, 1), recorder);
  EXPECT_TRUE(recorder.seen.empty());
  reader.feed(std::string_view(stream).substr(bad, 1), recorder);
  EXPECT_EQ(recorder.seen, Seen{"violation 1007"});
  EXPECT_TRUE(reader.idle());
}

TEST(WebSocketReader, Utf8AcrossFragmentsAndAtTheEnd) {
  expect_events(first("\xf0\x9f") + ping("\xff") + last("\x98\x80"), {"ping \xff", "text \xf0\x9f\x98\x80"});
  expect_events(text("abc\xf0\x9f"), {"violation 1007"});
  expect_events(first("\xe2\x82") + last(""), {"violation 1007"});
  expect_events(first("ok \xed") + middle("\xa0"), {"violation 1007"});
  expect_events(text("bad\xff") + text("never"), {"violation 1007"});
  expect_events(binary("\xff\xfe"), {"binary \xff\xfe"});
}

TEST(WebSocketReader, StopFromAnEventDropsTheRest) {
  ReaderPool pool;
  Reader reader(pool, limit);
  Recorder recorder;
  recorder.stop_after_message = &reader;
  reader.feed(text("one") + text("two"), recorder);
  reader.feed(text("three"), recorder);
  EXPECT_EQ(recorder.seen, Seen{"text one"});
  EXPECT_EQ(pool.borrowed(), 0U);
}

TEST(WebSocketReader, HoldsMemoryOnlyWithinAMessage) {
  ReaderPool pool;
  Reader reader(pool, limit);
  Recorder recorder;
  EXPECT_TRUE(reader.idle());
  const std::string stream = first("abc") + last("def");
  for (std::size_t i = 0; i + 1 < stream.size(); ++i) {
    reader.feed(std::string_view(stream).substr(i, 1), recorder);
    EXPECT_FALSE(reader.idle()) << i;
    EXPECT_EQ(pool.borrowed(), 1U);
  }
  reader.feed(std::string_view(stream).substr(stream.size() - 1), recorder);
  EXPECT_TRUE(reader.idle());
  EXPECT_EQ(pool.borrowed(), 0U);
  static_assert(sizeof(Reader) <= 32);
}

TEST(WebSocketReader, ReadersShareContextsWithoutMixing) {
  ReaderPool pool(1);
  Reader a(pool, limit);
  Reader b(pool, limit);
  Recorder seen_a;
  Recorder seen_b;
  const std::string stream_a = first("aa") + last("AA");
  const std::string stream_b = first("\xc3") + last("\xa4");
  for (std::size_t i = 0; i < stream_a.size(); ++i) {
    a.feed(std::string_view(stream_a).substr(i, 1), seen_a);
    if (i < stream_b.size()) b.feed(std::string_view(stream_b).substr(i, 1), seen_b);
  }
  EXPECT_EQ(seen_a.seen, Seen{"text aaAA"});
  EXPECT_EQ(seen_b.seen, Seen{"text \xc3\xa4"});
}

}  // namespace
}  // namespace parley::websocket::tests
