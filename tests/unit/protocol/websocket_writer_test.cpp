#include "broker/protocol/websocket_writer.h"

#include <gtest/gtest.h>

#include <array>

#include "broker/protocol/websocket_utf8.h"

namespace parley::websocket {
namespace {

std::string bytes(const Frame& frame) { return std::string(frame.bytes()); }
std::string raw(std::initializer_list<unsigned> values) {
  std::string out;
  for (const unsigned value : values) out += static_cast<char>(value);
  return out;
}

// Examples of RFC 6455 §5.7.
TEST(WebSocketWriter, ExamplesOfTheStandard) {
  EXPECT_EQ(bytes(encode(Opcode::text, "Hello")), raw({0x81, 0x05}) + "Hello");
  EXPECT_EQ(bytes(encode(Opcode::ping, "Hello")), raw({0x89, 0x05}) + "Hello");
  EXPECT_EQ(bytes(encode(Opcode::binary, std::string(256, 'x'))), raw({0x82, 0x7e, 0x01, 0x00}) + std::string(256, 'x'));
  EXPECT_EQ(bytes(encode(Opcode::binary, std::string(65536, 'x'))),
            raw({0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0}) + std::string(65536, 'x'));
}

TEST(WebSocketWriter, LengthFormsAtTheirEdges) {
  EXPECT_EQ(bytes(encode(Opcode::text, "")), raw({0x81, 0}));
  EXPECT_EQ(bytes(encode(Opcode::text, std::string(125, 'x'))).substr(0, 2), raw({0x81, 125}));
  EXPECT_EQ(bytes(encode(Opcode::text, std::string(126, 'x'))).substr(0, 4), raw({0x81, 126, 0, 126}));
  EXPECT_EQ(bytes(encode(Opcode::text, std::string(65535, 'x'))).substr(0, 4), raw({0x81, 126, 0xff, 0xff}));
}

TEST(WebSocketWriter, CloseFrames) {
  EXPECT_EQ(bytes(encode_close(1001, "bye")), raw({0x88, 5, 0x03, 0xe9}) + "bye");
  EXPECT_EQ(bytes(encode_close(1000)), raw({0x88, 2, 0x03, 0xe8}));
  EXPECT_EQ(bytes(encode_close(close_code::none_received, "not sent")), raw({0x88, 0}));
  EXPECT_EQ(bytes(encode_close(close_code::abnormal)), raw({0x88, 0}));
}

TEST(WebSocketWriter, LongReasonIsCutAtACharacter) {
  std::string reason(122, 'x');
  reason += "\xc3\xa4 and more";
  const std::string frame = bytes(encode_close(1008, reason));
  EXPECT_EQ(frame.size(), 2U + 2U + 122U);
  EXPECT_TRUE(is_utf8(std::string_view(frame).substr(4)));
}

TEST(WebSocketWriter, InPlaceIsTheSameAsCopied) {
  for (const std::size_t size : {0U, 125U, 126U, 70'000U}) {
    const std::string payload(size, 'p');
    const Frame frame = encode_in_place(Opcode::text, size, [&](char* out) { payload.copy(out, size); });
    EXPECT_EQ(bytes(frame), bytes(encode(Opcode::text, payload)));
  }
}

TEST(WebSocketWriter, RunIsItsFramesOneAfterTheOther) {
  FrameRun run;
  std::string expected;
  EXPECT_TRUE(run.empty());
  for (const std::size_t size : {0U, 3U, 125U, 126U, 65'535U, 65'536U, 5U}) {
    const std::string payload(size, 'r');
    run.add(Opcode::text, payload);
    run.begin();
    run.buffer() += payload;
    run.end(Opcode::binary);
    expected += bytes(encode(Opcode::text, payload)) + bytes(encode(Opcode::binary, payload));
  }
  EXPECT_EQ(run.size(), expected.size());
  EXPECT_EQ(bytes(run.take()), expected);
  EXPECT_TRUE(run.empty());
}

TEST(WebSocketWriter, JoinKeepsTheOrderAndSharesASingleFrame) {
  const std::array frames = {encode(Opcode::text, "a"), encode(Opcode::ping, ""), encode(Opcode::text, "bc")};
  EXPECT_EQ(bytes(join(frames)), bytes(frames[0]) + bytes(frames[1]) + bytes(frames[2]));
  EXPECT_EQ(join(std::span(frames).first(1)).bytes().data(), frames[0].bytes().data());
}

TEST(WebSocketUtf8, EdgesOfEveryLength) {
  for (const char* good : {"", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbf",
                           "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
    EXPECT_TRUE(is_utf8("long ascii before " + std::string(good) + " and long ascii after it"));
  }
  for (const char* bad :
       {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x41", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xe2\x82",
        "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "\xf0\x9f\x98"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
    EXPECT_FALSE(is_utf8("long ascii before it " + std::string(bad)));
  }
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
}

}  // namespace
}  // namespace parley::websocket
