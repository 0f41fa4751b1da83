#include "http/api/tokens.h"

#include <jwt.h>

#include <algorithm>
#include <cassert>
#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>

namespace parley::api {

namespace {

constexpr const char* issuer = "parley";
constexpr std::int64_t seconds_max = std::int64_t{1} << 40U;  // far beyond any date that is meant

struct FreeJwt {
  void operator()(jwt_t* jwt) const { jwt_free(jwt); }
};
using Jwt = std::unique_ptr<jwt_t, FreeJwt>;

struct FreeText {
  void operator()(char* text) const { std::free(text); }  // NOLINT: what the library allocated with malloc
};

const unsigned char* bytes(const std::string& text) { return reinterpret_cast<const unsigned char*>(text.data()); }

// Parsed, and verified when a key is given.
Jwt decode(const std::string& token, const TokenKey* key) {
  jwt_t* raw = nullptr;
  const int error = key == nullptr ? jwt_decode(&raw, token.c_str(), nullptr, 0)
                                   : jwt_decode(&raw, token.c_str(), bytes(key->secret), static_cast<int>(key->secret.size()));
  return error == 0 ? Jwt(raw) : nullptr;
}

std::string text_claim(jwt_t* jwt, const char* name) {
  const char* text = jwt_get_grant(jwt, name);
  return text == nullptr ? std::string() : std::string(text);
}

std::optional<std::int64_t> time_claim(jwt_t* jwt, const char* name) {
  errno = 0;
  const long seconds = jwt_get_grant_int(jwt, name);
  if (errno != 0 || seconds <= 0 || seconds > seconds_max) return std::nullopt;
  return static_cast<std::int64_t>(seconds) * 1000;
}

// Through the claim's JSON, because the library takes every value that is not true for false.
std::optional<bool> truth_claim(jwt_t* jwt, const char* name) {
  const std::unique_ptr<char, FreeText> json(jwt_get_grants_json(jwt, name));
  if (json && std::string_view(json.get()) == "true") return true;
  if (json && std::string_view(json.get()) == "false") return false;
  return std::nullopt;
}

Error refused(const char* why) { return {Code::unauthorized, why}; }

// Three parts of base64url and nothing else (RFC 7515 §3.1); the library alone skips what it does not know.
bool is_compact_form(std::string_view token) {
  const bool characters = std::all_of(token.begin(), token.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
  });
  return characters && std::count(token.begin(), token.end(), '.') == 2 && token.back() != '.';
}

Result<VerifiedToken> read_claims(jwt_t* jwt, UnixMs now, UnixMs skew_ms) {
  const std::optional<std::int64_t> issued = time_claim(jwt, "iat");
  const std::optional<std::int64_t> expires = time_claim(jwt, "exp");
  const std::optional<bool> guest = truth_claim(jwt, "guest");
  auto subject = std::make_shared<Subject>();
  subject->user_id = text_claim(jwt, "sub");
  subject->name = text_claim(jwt, "name");
  subject->login = SharedText(text_claim(jwt, "sid"));
  if (!issued || !expires || !guest || text_claim(jwt, "iss") != issuer || subject->user_id.empty() || subject->name.empty()) {
    return refused("the access token lacks a claim or was not issued here");
  }
  subject->guest = *guest;
  if (subject->guest != subject->login.empty()) return refused("the access token's claims contradict each other");
  if (now >= *expires) return refused("the access token has expired");
  if (*issued > now + skew_ms) return refused("the access token was issued in the future");
  return VerifiedToken{std::move(subject), *expires};
}

}  // namespace

Tokens::Tokens(std::vector<TokenKey> keys, TokenSettings settings) : keys_(std::move(keys)), settings_(settings) {
  assert(!keys_.empty());
}

Result<IssuedToken> Tokens::issue(const Subject& subject, UnixMs now) const {
  const UnixMs lifetime_ms = subject.guest ? settings_.guest_lifetime_ms : settings_.lifetime_ms;
  const std::int64_t issued_s = now / 1000;
  const std::int64_t expires_s = (now + lifetime_ms) / 1000;
  const TokenKey& key = keys_.front();
  jwt_t* raw = nullptr;
  if (jwt_new(&raw) != 0) return {Code::internal, "out of memory"};
  const Jwt jwt(raw);
  const bool written = jwt_set_alg(raw, JWT_ALG_HS256, bytes(key.secret), static_cast<int>(key.secret.size())) == 0 &&
                       jwt_add_header(raw, "kid", key.id.c_str()) == 0 && jwt_add_grant(raw, "iss", issuer) == 0 &&
                       jwt_add_grant(raw, "sub", subject.user_id.c_str()) == 0 &&
                       jwt_add_grant(raw, "name", subject.name.c_str()) == 0 &&
                       jwt_add_grant_bool(raw, "guest", subject.guest ? 1 : 0) == 0 &&
                       (subject.login.empty() || jwt_add_grant(raw, "sid", subject.login.str().c_str()) == 0) &&
                       jwt_add_grant_int(raw, "iat", issued_s) == 0 && jwt_add_grant_int(raw, "exp", expires_s) == 0;
  if (!written) return {Code::internal, "cannot write an access token's claims"};
  const std::unique_ptr<char, FreeText> text(jwt_encode_str(raw));
  if (!text) return {Code::internal, "cannot sign an access token"};
  return IssuedToken{std::string(text.get()), expires_s * 1000};
}

const TokenKey* Tokens::find_key(const char* id) const {
  if (id == nullptr) return &keys_.front();
  const auto found = std::find_if(keys_.begin(), keys_.end(), [id](const TokenKey& key) { return key.id == id; });
  return found == keys_.end() ? nullptr : &*found;
}

Result<VerifiedToken> Tokens::verify(const std::string& token, UnixMs now) const {
  if (token.empty() || token.size() > settings_.token_bytes_max) return refused("the access token is empty or too long");
  if (!is_compact_form(token)) return refused("the access token is malformed");
  // The header is read unverified, only to choose the key; the algorithm is ours to choose, never the token's (RFC 8725 §3.1).
  const Jwt header = decode(token, nullptr);
  if (!header) return refused("the access token is malformed");
  const char* algorithm = jwt_get_header(header.get(), "alg");
  if (algorithm == nullptr || std::string_view(algorithm) != "HS256") return refused("the access token is not signed with HS256");
  const TokenKey* key = find_key(jwt_get_header(header.get(), "kid"));
  if (key == nullptr) return refused("the access token is signed with an unknown key");
  const Jwt jwt = decode(token, key);
  if (!jwt || jwt_get_alg(jwt.get()) != JWT_ALG_HS256) return refused("the access token's signature is wrong");
  return read_claims(jwt.get(), now, settings_.clock_skew_ms);
}

}  // namespace parley::api
