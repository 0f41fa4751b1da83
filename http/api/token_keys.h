#pragma once

// The keys that sign access tokens, kept in one small text file of the data folder. Blocking; called at start.

#include <string>
#include <vector>

#include "broker/base/random.h"
#include "broker/base/result.h"

namespace parley::api {

constexpr std::size_t token_key_bytes_min = 32;  // RFC 7518 §3.2: as long as the hash

struct TokenKey {
  std::string id;      // the "kid" of tokens signed with it
  std::string secret;  // at least token_key_bytes_min bytes
};

// Lines "kid base64url(secret)"; '#' begins a comment. The first key signs, all of them verify: to rotate, put a new line on
// top and take the old one out when its tokens have expired. bad_request names the line and says what to do.
Result<std::vector<TokenKey>> parse_token_keys(std::string_view text);

// Whether the secret is one of the examples' (they all begin with that word): refused with --production.
bool is_example(const TokenKey& key);

// Reads the file, or makes it with one new key (mode 0600, complete or not there at all; of two processes that start together
// one wins and both use its key). forbidden when others may read it, bad_request when a key is malformed or short, unavailable
// when the file cannot be read or written.
Result<std::vector<TokenKey>> load_or_create_token_keys(const std::string& path, Random& random);

}  // namespace parley::api
