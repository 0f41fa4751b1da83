#include "http/api/passwords.h"

#include <sodium.h>

#include "http/api/bytes.h"

namespace parley::api {

namespace {

struct Cost {
  unsigned long long passes;
  std::size_t memory_bytes;
};

Cost cost_of(HashCost cost) {
  switch (cost) {
    case HashCost::min:
      return {crypto_pwhash_OPSLIMIT_MIN, crypto_pwhash_MEMLIMIT_MIN};
    case HashCost::interactive:
      return {crypto_pwhash_OPSLIMIT_INTERACTIVE, crypto_pwhash_MEMLIMIT_INTERACTIVE};
    case HashCost::moderate:
      return {crypto_pwhash_OPSLIMIT_MODERATE, crypto_pwhash_MEMLIMIT_MODERATE};
    case HashCost::sensitive:
      break;
  }
  return {crypto_pwhash_OPSLIMIT_SENSITIVE, crypto_pwhash_MEMLIMIT_SENSITIVE};
}

}  // namespace

Result<HashCost> parse_hash_cost(std::string_view word, bool test_mode) {
  if (word == "interactive") return HashCost::interactive;
  if (word == "moderate") return HashCost::moderate;
  if (word == "sensitive") return HashCost::sensitive;
  if (word == "min" && test_mode) return HashCost::min;
  return {Code::bad_request, "the password cost is interactive, moderate or sensitive (min: in tests only)"};
}

Result<std::string> hash_password(std::string_view password, HashCost cost) {
  if (!sodium_ready()) return {Code::unavailable, "libsodium cannot be initialised: no usable source of randomness"};
  const Cost limits = cost_of(cost);
  char out[crypto_pwhash_STRBYTES];
  if (crypto_pwhash_str(out, password.data(), password.size(), limits.passes, limits.memory_bytes) != 0) {
    return {Code::unavailable, "not enough memory to hash a password; lower the password cost or give the server more"};
  }
  return std::string(out);
}

bool verify_password(const std::string& hash, std::string_view password) {
  // Argon2id only: what libsodium would verify besides is not what we wrote.
  if (!sodium_ready() || hash.rfind("$argon2id$", 0) != 0 || hash.size() >= crypto_pwhash_STRBYTES) return false;
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace parley::api
