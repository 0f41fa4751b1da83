#include "http/api/tokens.h"

#include <gtest/gtest.h>
#include <jwt.h>
#include <sodium.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "http/api/bytes.h"

namespace parley::api {
namespace {

const std::string key_one(32, 'a');
const std::string key_two(32, 'b');
constexpr UnixMs now = 1'764'000'000'000;

Tokens make_tokens(TokenSettings settings = {}) { return Tokens({{"one", key_one}}, settings); }
const Subject ada{"u_1", "ada", false, SharedText("family")};

std::string hmac(const std::string& key, const std::string& text) {
  std::string out(crypto_auth_hmacsha256_BYTES, '\0');
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(key.data()), key.size());
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  crypto_auth_hmacsha256_final(&state, reinterpret_cast<unsigned char*>(out.data()));
  return out;
}

// A token made without the library: header and claims as given, really signed with HMAC-SHA256.
std::string make_token(const std::string& header, const std::string& claims, const std::string& key = key_one) {
  const std::string text = base64url(header) + "." + base64url(claims);
  return text + "." + base64url(hmac(key, text));
}

const std::string good_header = R"({"alg":"HS256","kid":"one","typ":"JWT"})";
std::string claims(const std::string& more = "", std::int64_t issued = now / 1000, std::int64_t expires = now / 1000 + 900) {
  return R"({"iss":"parley","sub":"u_1","name":"ada","guest":false,"sid":"family","iat":)" + std::to_string(issued) +
         R"(,"exp":)" + std::to_string(expires) + more + "}";
}

TEST(Tokens, SayWhoTheyWereIssuedTo) {
  const Tokens tokens = make_tokens();
  Result<IssuedToken> issued = tokens.issue(ada, now);
  ASSERT_TRUE(issued.ok());
  EXPECT_EQ(issued->expires, now + 900'000);
  Result<VerifiedToken> verified = tokens.verify(issued->token, now);
  ASSERT_TRUE(verified.ok()) << verified.error().message;
  EXPECT_EQ(verified->subject->user_id, "u_1");
  EXPECT_EQ(verified->subject->name, "ada");
  EXPECT_EQ(verified->subject->login.view(), "family");
  EXPECT_FALSE(verified->subject->guest);
  EXPECT_EQ(verified->expires, now + 900'000);
}

TEST(Tokens, OfGuestsHaveNoLogin) {
  const Tokens tokens = make_tokens();
  Result<IssuedToken> issued = tokens.issue({"g_1", "guest-abcd", true, {}}, now);
  ASSERT_TRUE(issued.ok());
  EXPECT_EQ(issued->expires, now + 24 * 3'600'000);
  Result<VerifiedToken> verified = tokens.verify(issued->token, now);
  ASSERT_TRUE(verified.ok());
  EXPECT_TRUE(verified->subject->guest);
  EXPECT_EQ(verified->subject->login.view(), "");
}

TEST(Tokens, AcceptWhatAnotherLibrarySigned) {
  EXPECT_TRUE(make_tokens().verify(make_token(good_header, claims()), now).ok());
  EXPECT_TRUE(make_tokens().verify(make_token(R"({"typ":"JWT","alg":"HS256"})", claims()), now).ok()) << "kid may be absent";
}

TEST(Tokens, ExpireAtTheirTime) {
  const Tokens tokens = make_tokens();
  const std::string token = tokens.issue(ada, now)->token;
  EXPECT_TRUE(tokens.verify(token, now + 899'999).ok());
  ASSERT_FALSE(tokens.verify(token, now + 900'000).ok());
  EXPECT_EQ(tokens.verify(token, now + 900'000).error().code, Code::unauthorized);
}

TEST(Tokens, FromTheFutureAreRefusedBeyondTheSkew) {
  const Tokens tokens = make_tokens();
  const std::string token = tokens.issue(ada, now)->token;
  EXPECT_TRUE(tokens.verify(token, now - 60'000).ok());
  EXPECT_FALSE(tokens.verify(token, now - 61'000).ok());
}

TEST(Tokens, KeysRotate) {
  const std::string old_token = make_tokens().issue(ada, now)->token;
  const Tokens rotated({{"two", key_two}, {"one", key_one}});
  EXPECT_TRUE(rotated.verify(old_token, now).ok());
  const std::string new_token = rotated.issue(ada, now)->token;
  EXPECT_FALSE(make_tokens().verify(new_token, now).ok());
  EXPECT_FALSE(Tokens({{"two", key_two}}).verify(old_token, now).ok()) << "the old key was taken out";
}

struct Refused {
  const char* what;
  std::string token;
};

std::string with_library(jwt_alg_t algorithm) {
  jwt_t* jwt = nullptr;
  jwt_new(&jwt);
  jwt_set_alg(jwt, algorithm, reinterpret_cast<const unsigned char*>(key_one.data()), static_cast<int>(key_one.size()));
  jwt_add_grants_json(jwt, claims().c_str());
  char* text = jwt_encode_str(jwt);
  const std::string token = text == nullptr ? "" : text;
  std::free(text);
  jwt_free(jwt);
  return token;
}

std::vector<Refused> refused_tokens() {
  const std::string good = make_token(good_header, claims());
  const std::size_t first_dot = good.find('.');
  const std::size_t last_dot = good.rfind('.');
  const std::string none = base64url(R"({"alg":"none"})") + "." + base64url(claims()) + ".";
  std::string other_payload = good;
  other_payload.replace(first_dot + 1, last_dot - first_dot - 1, base64url(claims(R"(,"x":1)")));
  std::string flipped = good;
  flipped[last_dot + 5] = flipped[last_dot + 5] == 'A' ? 'B' : 'A';
  return {
      {"empty", ""},
      {"one word", "secret"},
      {"dots only", ".."},
      {"no signature", good.substr(0, last_dot)},
      {"an empty signature", good.substr(0, last_dot + 1)},
      {"a cut signature", good.substr(0, good.size() - 4)},
      {"a cut claims part", good.substr(0, last_dot - 3) + good.substr(last_dot)},
      {"a changed signature", flipped},
      {"other claims under the signature", other_payload},
      {"a fourth part", good + ".x"},
      {"a space in front", " " + good},
      {"a byte of zero behind", good + std::string(1, '\0')},
      {"a line break", good.substr(0, 20) + "\n" + good.substr(20)},
      {"padding", good + "="},
      {"another key", make_token(good_header, claims(), key_two)},
      {"an empty key", make_token(good_header, claims(), "")},
      {"an unknown key id", make_token(R"({"alg":"HS256","kid":"three","typ":"JWT"})", claims())},
      {"alg none", none},
      {"alg none with a signature", none + good.substr(last_dot + 1)},
      {"alg None signed", make_token(R"({"alg":"None","typ":"JWT"})", claims())},
      {"alg none signed", make_token(R"({"alg":"none","typ":"JWT"})", claims())},
      {"alg HS384", with_library(JWT_ALG_HS384)},
      {"alg HS512", with_library(JWT_ALG_HS512)},
      {"alg RS256 under HMAC", make_token(R"({"alg":"RS256","typ":"JWT"})", claims())},
      {"no alg", make_token(R"({"typ":"JWT"})", claims())},
      {"a header that is no object", make_token("[]", claims())},
      {"a header that is no JSON", make_token("HS256", claims())},
      {"claims that are no object", make_token(good_header, "[]")},
      {"claims that are no JSON", make_token(good_header, "u_1")},
      {"no claims", make_token(good_header, "{}")},
      {"another issuer",
       make_token(good_header,
                  R"({"iss":"other","sub":"u_1","name":"ada","guest":false,"sid":"f","iat":1764000000,"exp":1764000900})")},
      {"no subject",
       make_token(good_header, R"({"iss":"parley","name":"ada","guest":false,"sid":"f","iat":1764000000,"exp":1764000900})")},
      {"a subject that is a number",
       make_token(good_header,
                  R"({"iss":"parley","sub":1,"name":"ada","guest":false,"sid":"f","iat":1764000000,"exp":1764000900})")},
      {"no name",
       make_token(good_header, R"({"iss":"parley","sub":"u_1","guest":false,"sid":"f","iat":1764000000,"exp":1764000900})")},
      {"no expiry",
       make_token(good_header, R"({"iss":"parley","sub":"u_1","name":"ada","guest":false,"sid":"f","iat":1764000000})")},
      {"an expiry that is text",
       make_token(good_header,
                  R"({"iss":"parley","sub":"u_1","name":"ada","guest":false,"sid":"f","iat":1764000000,"exp":"1764000900"})")},
      {"an expiry beyond all dates", make_token(good_header, claims("", now / 1000, std::int64_t{1} << 60))},
      {"a negative expiry", make_token(good_header, claims("", now / 1000, -5))},
      {"no time of issue",
       make_token(good_header, R"({"iss":"parley","sub":"u_1","name":"ada","guest":false,"sid":"f","exp":1764000900})")},
      {"expired", make_token(good_header, claims("", now / 1000 - 1000, now / 1000))},
      {"issued tomorrow", make_token(good_header, claims("", now / 1000 + 86400, now / 1000 + 90000))},
      {"guest is no truth value",
       make_token(good_header,
                  R"({"iss":"parley","sub":"u_1","name":"ada","guest":"no","sid":"f","iat":1764000000,"exp":1764000900})")},
      {"a guest with a login",
       make_token(good_header,
                  R"({"iss":"parley","sub":"g_1","name":"ada","guest":true,"sid":"f","iat":1764000000,"exp":1764000900})")},
      {"an account without a login",
       make_token(good_header, R"({"iss":"parley","sub":"u_1","name":"ada","guest":false,"iat":1764000000,"exp":1764000900})")},
      {"longer than allowed", make_token(good_header, claims(R"(,"x":")" + std::string(3000, 'x') + R"(")"))},
  };
}

TEST(Tokens, RefuseEverythingElse) {
  const Tokens tokens = make_tokens();
  ASSERT_TRUE(tokens.verify(make_token(good_header, claims()), now).ok()) << "what the cases below are variations of";
  for (const Refused& refused : refused_tokens()) {
    Result<VerifiedToken> verified = tokens.verify(refused.token, now);
    ASSERT_FALSE(verified.ok()) << refused.what;
    EXPECT_EQ(verified.error().code, Code::unauthorized) << refused.what;
  }
}

}  // namespace
}  // namespace parley::api
