#pragma once

// Access tokens: JSON Web Tokens signed with HS256 (RFC 7519, RFC 7515), stateless and short-lived.
// Claims: iss "parley", sub (user id), name, guest, sid (the login, absent for guests), iat, exp.

#include <string>
#include <string_view>
#include <vector>

#include "broker/base/result.h"
#include "broker/base/time.h"
#include "broker/protocol/room.h"
#include "http/api/token_keys.h"

namespace parley::api {

struct TokenSettings {
  UnixMs lifetime_ms = 900'000;
  UnixMs guest_lifetime_ms = 86'400'000;  // a guest has no refresh token to renew with
  UnixMs clock_skew_ms = 60'000;          // how far in the future another replica may have issued a token
  std::size_t token_bytes_max = 2048;
};

struct IssuedToken {
  std::string token;
  UnixMs expires = 0;
};

struct VerifiedToken {
  SubjectPtr subject;
  UnixMs expires = 0;
};

// Immutable: every method may be called from every thread.
class Tokens {
 public:
  // `keys` as load_or_create_token_keys gives them: the first signs, all verify. Not empty.
  Tokens(std::vector<TokenKey> keys, TokenSettings settings = {});

  // internal only when memory is out or a claim cannot be written.
  Result<IssuedToken> issue(const Subject& subject, UnixMs now) const;

  // unauthorized when it is malformed, too long, signed with another key or algorithm than HS256 ("none" among them), issued by
  // somebody else or in the future, or expired.
  Result<VerifiedToken> verify(const std::string& token, UnixMs now) const;

  const TokenSettings& settings() const { return settings_; }

 private:
  const TokenKey* find_key(const char* id) const;

  std::vector<TokenKey> keys_;
  TokenSettings settings_;
};

}  // namespace parley::api
