#include "http/api/passwords.h"

#include <gtest/gtest.h>

#include "http/api/hasher.h"
#include "http/api/names.h"
#include "tests/fakes/fake_clock.h"
#include "tests/fakes/manual_executor.h"

namespace parley::api {
namespace {

TEST(Passwords, VerifyAgainstTheirOwnHashOnly) {
  Result<std::string> hash = hash_password("correct horse", HashCost::min);
  ASSERT_TRUE(hash.ok());
  EXPECT_EQ(hash->rfind("$argon2id$", 0), 0U);
  EXPECT_TRUE(verify_password(*hash, "correct horse"));
  EXPECT_FALSE(verify_password(*hash, "correct horsf"));
  EXPECT_FALSE(verify_password(*hash, ""));
  EXPECT_NE(*hash_password("correct horse", HashCost::min), *hash) << "salted";
}

TEST(Passwords, NoHashButArgon2idVerifies) {
  EXPECT_FALSE(verify_password("", ""));
  EXPECT_FALSE(verify_password("correct horse", "correct horse"));
  EXPECT_FALSE(verify_password("$argon2id$", ""));
  EXPECT_FALSE(verify_password("$argon2i$v=19$m=8,t=3,p=1$c29tZXNhbHQ$aGFzaA", "x"));
  EXPECT_FALSE(verify_password("$argon2id$" + std::string(500, 'x'), "x"));
}

TEST(Passwords, ZeroBytesCount) {
  Result<std::string> hash = hash_password(std::string_view("one\0two", 7), HashCost::min);
  EXPECT_TRUE(verify_password(*hash, std::string_view("one\0two", 7)));
  EXPECT_FALSE(verify_password(*hash, "one"));
}

TEST(Passwords, CostIsAWordAndMinIsForTests) {
  EXPECT_EQ(*parse_hash_cost("interactive", false), HashCost::interactive);
  EXPECT_EQ(*parse_hash_cost("moderate", false), HashCost::moderate);
  EXPECT_EQ(*parse_hash_cost("sensitive", false), HashCost::sensitive);
  EXPECT_EQ(*parse_hash_cost("min", true), HashCost::min);
  EXPECT_FALSE(parse_hash_cost("min", false).ok());
  EXPECT_FALSE(parse_hash_cost("", true).ok());
}

struct Pools {
  fakes::ManualExecutor home;
  fakes::ManualExecutor one;
  fakes::ManualExecutor two;
  ExecutorPool pool{home, {&one, &two}};
};

TEST(Hasher, WorksElsewhereAndAnswersAtHome) {
  Pools pools;
  Hasher hasher(pools.pool, {HashCost::min, 8});
  std::string hash;
  hasher.hash("correct horse", [&](Result<std::string> result) { hash = *result; });
  EXPECT_EQ(pools.home.run(), 0U);
  EXPECT_EQ(pools.one.run() + pools.two.run(), 1U);
  EXPECT_EQ(hash, "") << "the answer waits for the home loop";
  pools.home.run();
  EXPECT_TRUE(verify_password(hash, "correct horse"));
  std::optional<bool> right;
  std::optional<bool> wrong;
  hasher.verify(hash, "correct horse", [&](Result<bool> result) { right = *result; });
  hasher.verify(hash, "horse", [&](Result<bool> result) { wrong = *result; });
  EXPECT_EQ(pools.one.waiting(), 1U) << "jobs are spread";
  EXPECT_EQ(pools.two.waiting(), 1U);
  pools.one.run();
  pools.two.run();
  pools.home.run();
  EXPECT_EQ(right, true);
  EXPECT_EQ(wrong, false);
}

TEST(Hasher, AnUnknownUserIsHashedForToo) {
  Pools pools;
  Hasher hasher(pools.pool, {HashCost::min, 8});
  std::optional<bool> matches;
  hasher.verify("", "nobody has this password", [&](Result<bool> result) { matches = *result; });
  EXPECT_EQ(pools.one.waiting() + pools.two.waiting(), 1U) << "as much work as for a known one";
  pools.one.run();
  pools.two.run();
  pools.home.run();
  EXPECT_EQ(matches, false);
}

TEST(Hasher, RefusesWhenTooManyWait) {
  Pools pools;
  Hasher hasher(pools.pool, {HashCost::min, 3});
  unsigned refused = 0;
  unsigned hashed = 0;
  for (int i = 0; i < 5; ++i) {
    hasher.hash("correct horse", [&](Result<std::string> result) {
      if (result)
        ++hashed;
      else if (result.error().code == Code::rate_limited)
        ++refused;
    });
  }
  EXPECT_EQ(refused, 2U);
  EXPECT_EQ(hasher.refused(), 2U);
  EXPECT_EQ(hasher.waiting(), 3U);
  pools.one.run();
  pools.two.run();
  pools.home.run();
  EXPECT_EQ(hashed, 3U);
  EXPECT_EQ(hasher.waiting(), 0U);
}

TEST(Hasher, MayEndBeforeItsJobs) {
  Pools pools;
  std::optional<bool> answered;
  {
    Hasher hasher(pools.pool, {HashCost::min, 3});
    hasher.hash("correct horse", [&](Result<std::string> result) { answered = result.ok(); });
  }
  pools.one.run();
  pools.two.run();
  pools.home.run();
  EXPECT_EQ(answered, true);
}

TEST(Names, FollowTheRules) {
  for (const char* good : {"ad", "ada", "Ada.L-1_x", "0x", "a23456789012345678901234567890ab"})
    EXPECT_TRUE(check_user_name(good)) << good;
  for (const char* bad : {"", "a", ".ada", "-ada", "_ada", "a da", "ada!", "\xc3\xa4\xc3\xb6", "a/b", "@ada", "a+b",
                          "a23456789012345678901234567890abc"}) {
    EXPECT_FALSE(check_user_name(bad)) << bad;
  }
}

TEST(Names, SomeAreReserved) {
  for (const char* name : {"parley", "Parley", "SYSTEM", "guest-abcd", "Guest-1", "anonymous"})
    EXPECT_TRUE(is_reserved_name(name)) << name;
  for (const char* name : {"ada", "parley2", "guesswork", "guestbook"}) EXPECT_FALSE(is_reserved_name(name)) << name;
}

TEST(Names, OfGuestsAreWhatIsLeftOfTheWish) {
  fakes::SeededRandom random;
  EXPECT_EQ(guest_name("ada", random), "ada");
  EXPECT_EQ(guest_name("  <b>Ada</b> ", random), "bAdab");
  EXPECT_EQ(guest_name("--ada", random), "ada");
  EXPECT_EQ(guest_name(std::string(100, 'a'), random), std::string(32, 'a'));
  for (const char* wish : {"", "a", "\xf0\x9f\x91\x8d", "system", "guest-ada", "Parley"}) {
    const std::string name = guest_name(wish, random);
    EXPECT_EQ(name.rfind("guest-", 0), 0U) << wish;
    EXPECT_EQ(name.size(), 10U);
  }
}

TEST(Passwords, HaveEightTo256Bytes) {
  EXPECT_FALSE(check_password("1234567"));
  EXPECT_TRUE(check_password("12345678"));
  EXPECT_TRUE(check_password(std::string(256, 'x')));
  EXPECT_FALSE(check_password(std::string(257, 'x')));
}

}  // namespace
}  // namespace parley::api
