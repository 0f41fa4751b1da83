// Accounts and refresh tokens.

#include "tests/contract/store_contract.h"

namespace parley::contract {
namespace {

// Calls of one test, by short names.
struct Tokens {
  PumpExecutor& executor;
  Store& store;
  UnixMs& now;

  Status put(const std::string& hash, const std::string& family) {
    return await<Nothing>(executor, [&](Reply<Nothing> done) {
      store.put_refresh({hash, family, "u_1", now + 1000}, std::move(done));
    });
  }
  Result<RefreshToken> rotate(const std::string& old_hash, const std::string& next_hash) {
    return await<RefreshToken>(executor, [&](Reply<RefreshToken> done) {
      store.rotate_refresh(old_hash, {next_hash, "ignored", "ignored", now + 1000}, now, std::move(done));
    });
  }
  Result<std::string> revoke(const std::string& hash) {
    return await<std::string>(executor, [&](Reply<std::string> done) { store.revoke_refresh(hash, std::move(done)); });
  }
};

TEST_P(StoreContract, NamesOfAccountsAreUniqueWithoutRegardToCase) {
  const auto create = [&](const std::string& id, const std::string& name) {
    return ask<Nothing>([&](Reply<Nothing> done) { store().create_account({id, name, "hash", now}, std::move(done)); });
  };
  const auto by_name = [&](const std::string& name) {
    return ask<Account>([&](Reply<Account> done) { store().find_account_by_name(name, std::move(done)); });
  };
  EXPECT_TRUE(create("u_1", "Ada").ok());
  EXPECT_EQ(create("u_2", "aDA").error().code, Code::conflict);
  EXPECT_EQ(create("u_1", "other").error().code, Code::conflict);
  EXPECT_TRUE(create("u_3", "ada2").ok());
  const auto found = by_name("ADA");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->id, "u_1");
  EXPECT_EQ(found->name, "Ada");
  EXPECT_EQ(found->password_hash, "hash");
  EXPECT_EQ(found->created, now);
  EXPECT_EQ(by_name("nobody").error().code, Code::not_found);
  const auto by_id = ask<Account>([&](Reply<Account> done) { store().find_account("u_3", std::move(done)); });
  EXPECT_EQ(by_id->name, "ada2");
  const auto none = ask<Account>([&](Reply<Account> done) { store().find_account("u_2", std::move(done)); });
  EXPECT_EQ(none.error().code, Code::not_found);
}

TEST_P(StoreContract, RefreshTokensRotate) {
  Tokens tokens{backend_->executor, store(), now};
  ASSERT_TRUE(tokens.put("h1", "family").ok());
  const auto old = tokens.rotate("h1", "h2");
  ASSERT_TRUE(old.ok());
  EXPECT_EQ(old->hash, "h1");
  EXPECT_EQ(old->family, "family");
  EXPECT_EQ(old->user_id, "u_1");
  const auto next = tokens.rotate("h2", "h3");
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->family, "family");
  EXPECT_EQ(next->user_id, "u_1");
  EXPECT_EQ(tokens.rotate("never seen", "x").error().code, Code::unauthorized);
  now += 1000;
  EXPECT_EQ(tokens.rotate("h3", "h4").error().code, Code::unauthorized) << "expired";
}

TEST_P(StoreContract, AReusedTokenRevokesItsFamilyAndNoOther) {
  Tokens tokens{backend_->executor, store(), now};
  ASSERT_TRUE(tokens.put("a1", "A").ok());
  ASSERT_TRUE(tokens.put("b1", "B").ok());
  ASSERT_TRUE(tokens.rotate("a1", "a2").ok());
  ASSERT_TRUE(tokens.rotate("a2", "a3").ok());
  const auto reused = tokens.rotate("a1", "a4");
  ASSERT_FALSE(reused.ok());
  EXPECT_EQ(reused.error(), (Error{Code::conflict, "A"}));
  EXPECT_EQ(tokens.rotate("a3", "a5").error().code, Code::unauthorized);
  EXPECT_EQ(tokens.rotate("a4", "a5").error().code, Code::unauthorized);
  EXPECT_TRUE(tokens.rotate("b1", "b2").ok());
}

TEST_P(StoreContract, ATokenWhoseSuccessorNobodyUsedIsReplacedOnceMore) {
  Tokens tokens{backend_->executor, store(), now};
  ASSERT_TRUE(tokens.put("a1", "A").ok());
  ASSERT_TRUE(tokens.rotate("a1", "lost").ok());
  const auto again = tokens.rotate("a1", "a2");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->family, "A");
  EXPECT_TRUE(tokens.rotate("a2", "a3").ok());
}

TEST_P(StoreContract, ASupersededSuccessorThatIsUsedAfterAllRevokesTheFamily) {
  Tokens tokens{backend_->executor, store(), now};
  ASSERT_TRUE(tokens.put("a1", "A").ok());
  ASSERT_TRUE(tokens.rotate("a1", "a2").ok());
  ASSERT_TRUE(tokens.rotate("a1", "a3").ok()) << "the owner's retry, or a thief";
  EXPECT_EQ(tokens.rotate("a2", "a4").error().code, Code::conflict) << "both hold a token";
  EXPECT_EQ(tokens.rotate("a3", "a4").error().code, Code::unauthorized);
}

TEST_P(StoreContract, RevocationEndsTheWholeFamily) {
  Tokens tokens{backend_->executor, store(), now};
  ASSERT_TRUE(tokens.put("a1", "A").ok());
  ASSERT_TRUE(tokens.rotate("a1", "a2").ok());
  EXPECT_EQ(*tokens.revoke("a2"), "A");
  EXPECT_EQ(tokens.rotate("a2", "a3").error().code, Code::unauthorized);
  EXPECT_EQ(tokens.revoke("a2").error().code, Code::not_found);
}

}  // namespace
}  // namespace parley::contract
