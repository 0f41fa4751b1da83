#include "broker/net/address.h"

#include <gtest/gtest.h>

namespace parley::net {
namespace {

TEST(Address, FormsThatAreUnderstood) {
  struct Case {
    const char* text;
    const char* host;
    std::uint16_t port;
    const char* shown;
  };
  for (const Case& c :
       {Case{"127.0.0.1:8080", "127.0.0.1", 8080, "127.0.0.1:8080"}, Case{"[::1]:80", "::1", 80, "[::1]:80"},
        Case{"localhost:0", "localhost", 0, "localhost:0"}, Case{":9", "", 9, "*:9"}, Case{"*:65535", "", 65535, "*:65535"}}) {
    const Result<Address> address = Address::parse(c.text);
    ASSERT_TRUE(address.ok()) << c.text;
    EXPECT_EQ(address.value().host, c.host);
    EXPECT_EQ(address.value().port, c.port);
    EXPECT_EQ(address.value().text(), c.shown);
  }
}

TEST(Address, FormsThatAreRefused) {
  for (const char* text : {"", "8080", "host", "host:", "host:x", "host:80x", "host:65536", "host:-1", "::1:80", "host: 80"}) {
    const Result<Address> address = Address::parse(text);
    ASSERT_FALSE(address.ok()) << text;
    EXPECT_EQ(address.error().code, Code::bad_request);
  }
}

}  // namespace
}  // namespace parley::net
