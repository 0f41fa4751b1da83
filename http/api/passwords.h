#pragma once

// Passwords as Argon2id hashes (RFC 9106) in libsodium's text form. Plain blocking functions that take tens of milliseconds and
// tens of MiB: call them off the loops (hasher.h). Any thread.

#include <string>
#include <string_view>

#include "broker/base/result.h"

namespace parley::api {

enum class HashCost : unsigned char {
  min,          // for tests: protects nothing
  interactive,  // 64 MiB, 2 passes
  moderate,     // 256 MiB, 3 passes
  sensitive,    // 1 GiB, 4 passes
};
// The word of a setting. `min` only when `test_mode`; bad_request says which words there are.
Result<HashCost> parse_hash_cost(std::string_view word, bool test_mode);

// unavailable when the memory cannot be had.
Result<std::string> hash_password(std::string_view password, HashCost cost);
bool verify_password(const std::string& hash, std::string_view password);

}  // namespace parley::api
