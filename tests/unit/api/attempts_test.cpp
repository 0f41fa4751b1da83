#include "http/api/attempts.h"

#include <gtest/gtest.h>

namespace parley::api {
namespace {

TEST(Attempts, RunOutAndComeBack) {
  Attempts attempts({3, 1000, 100});
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(attempts.take("ada", 0));
  EXPECT_FALSE(attempts.take("ada", 0));
  EXPECT_FALSE(attempts.take("ada", 999));
  EXPECT_TRUE(attempts.take("grace", 0)) << "keys do not share";
  EXPECT_TRUE(attempts.take("ada", 1000));
  EXPECT_FALSE(attempts.take("ada", 1000));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(attempts.take("ada", 1'000'000)) << "never more than the burst";
  EXPECT_FALSE(attempts.take("ada", 1'000'000));
}

TEST(Attempts, OfSuccessAreGivenBack) {
  Attempts attempts({2, 1000, 100});
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(attempts.take("ada", 0));
    attempts.give_back("ada");
  }
  EXPECT_TRUE(attempts.take("ada", 0));
  EXPECT_TRUE(attempts.take("ada", 0));
  EXPECT_FALSE(attempts.take("ada", 0));
  attempts.give_back("unknown");
  EXPECT_EQ(attempts.keys(), 1U);
}

TEST(Attempts, RememberABoundedNumberOfKeys) {
  Attempts attempts({1, 1000, 3});
  EXPECT_TRUE(attempts.take("a", 0));
  EXPECT_TRUE(attempts.take("b", 0));
  EXPECT_TRUE(attempts.take("c", 0));
  EXPECT_FALSE(attempts.take("a", 0)) << "and so a is the most recent";
  EXPECT_TRUE(attempts.take("d", 0));
  EXPECT_EQ(attempts.keys(), 3U);
  EXPECT_FALSE(attempts.take("a", 0));
  EXPECT_TRUE(attempts.take("b", 0)) << "forgotten: the least recently used";
}

TEST(Attempts, WithoutABurstAreUnlimited) {
  Attempts attempts({0, 1000, 3});
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(attempts.take("ada", 0));
  EXPECT_EQ(attempts.keys(), 0U);
}

TEST(Addresses, OfOneIpv6NetworkCountAsOne) {
  EXPECT_EQ(address_key("192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(address_key("2001:db8:1:2::1"), address_key("2001:db8:1:2:ffff::9"));
  EXPECT_NE(address_key("2001:db8:1:2::1"), address_key("2001:db8:1:3::1"));
  EXPECT_EQ(address_key("::ffff:192.0.2.7"), "192.0.2.7");
  EXPECT_EQ(address_key("fe80::1%eth0"), address_key("fe80::2"));
  EXPECT_EQ(address_key(""), "");
}

}  // namespace
}  // namespace parley::api
