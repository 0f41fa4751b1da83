#include "broker/protocol/proxy_protocol.h"

#include <gtest/gtest.h>

#include "tests/fakes/fake_clock.h"

namespace parley {
namespace {

std::string v2(char command, char family, const std::string& body) {
  std::string bytes("\r\n\r\n\0\r\nQUIT\n", 12);
  bytes += command;
  bytes += family;
  bytes += static_cast<char>(body.size() / 256);
  bytes += static_cast<char>(body.size() % 256);
  return bytes + body;
}
const std::string v4_body("\xc0\x00\x02\x01\x7f\x00\x00\x01\x30\x39\x1f\x90", 12);

// The header's address, "-" for none, "more" or "bad".
std::string source(const std::string& bytes) {
  const auto parsed = parse_proxy_header(bytes);
  if (!parsed) return "bad";
  if (!parsed->has_value()) return "more";
  return parsed->value().source.empty() ? "-" : parsed->value().source;
}

TEST(ProxyProtocol, VersionOne) {
  EXPECT_EQ(source("PROXY TCP4 192.0.2.1 127.0.0.1 12345 8080\r\nGET /"), "192.0.2.1");
  EXPECT_EQ(source("PROXY TCP6 2001:db8::1 ::1 12345 8080\r\n"), "2001:db8::1");
  EXPECT_EQ(source("PROXY UNKNOWN\r\n"), "-");
  EXPECT_EQ(source("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n"), "-");
  EXPECT_EQ(source("PROXY TCP4 192.0.2.1 127.0.0.1 12345\r\n"), "bad");
  EXPECT_EQ(source("PROXY TCP4 2001:db8::1 ::1 12345 8080\r\n"), "bad");
  EXPECT_EQ(source("PROXY TCP4 nobody 127.0.0.1 12345 8080\r\n"), "bad");
  EXPECT_EQ(source("PROXY " + std::string(120, 'x')), "bad");
  EXPECT_EQ(parse_proxy_header("PROXY UNKNOWN\r\nGET /")->value().bytes, 15U);
}

TEST(ProxyProtocol, VersionTwo) {
  EXPECT_EQ(source(v2('\x21', '\x11', v4_body) + "GET /"), "192.0.2.1");
  const std::string v6_body = std::string("\x20\x01\x0d\xb8", 4) + std::string(11, '\0') + '\x01' + std::string(20, '\0');
  EXPECT_EQ(source(v2('\x21', '\x21', v6_body)), "2001:db8::1");
  EXPECT_EQ(source(v2('\x20', '\0', "")), "-");
  EXPECT_EQ(source(v2('\x21', '\x31', std::string(216, 'x'))), "-") << "a Unix socket";
  EXPECT_EQ(source(v2('\x21', '\x11', "short")), "bad");
  EXPECT_EQ(source(v2('\x31', '\x11', v4_body)), "bad");
  EXPECT_EQ(source(v2('\x22', '\x11', v4_body)), "bad");
  EXPECT_EQ(source(v2('\x21', '\x11', std::string(5000, 'x'))), "bad");
  const std::string tls = v4_body + std::string("\x20\x00\x05\x01\x00\x00\x00\x00", 8);
  EXPECT_TRUE(parse_proxy_header(v2('\x21', '\x11', tls))->value().secure);
  EXPECT_FALSE(parse_proxy_header(v2('\x21', '\x11', v4_body))->value().secure);
}

TEST(ProxyProtocol, AskForMoreUntilComplete) {
  for (const std::string& whole : {std::string("PROXY TCP4 192.0.2.1 127.0.0.1 12345 8080\r\n"), v2('\x21', '\x11', v4_body)}) {
    for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_EQ(source(whole.substr(0, size)), "more") << size;
  }
  EXPECT_EQ(source("GET / HTTP/1.1\r\n"), "bad");
}

TEST(ProxyProtocol, RandomBytesNeverCrash) {
  fakes::SeededRandom random(3);
  for (int i = 0; i < 20'000; ++i) {
    std::string bytes = v2('\x21', '\x11', v4_body + "\x20 123456");
    for (int n = 0; n < 3; ++n) bytes[random.next() % bytes.size()] = static_cast<char>(random.next());
    static_cast<void>(parse_proxy_header(std::string_view(bytes).substr(0, random.next() % bytes.size())));
  }
}

}  // namespace
}  // namespace parley
