#pragma once

// Small helpers over libsodium: random bytes out of a handed-in source, digests, base64url. Any thread.

#include <optional>
#include <string>
#include <string_view>

#include "broker/base/random.h"

namespace parley::api {

// Initialises libsodium once per process; false when the machine cannot (no usable randomness). Safe from every thread.
bool sodium_ready();

std::string random_bytes(Random& random, std::size_t count);
// BLAKE2b with 32 bytes of output (RFC 7693).
std::string digest(std::string_view bytes);
// Without padding (RFC 4648 §5).
std::string base64url(std::string_view bytes);
// nullopt when it is not canonical base64url without padding.
std::optional<std::string> base64url_decode(std::string_view text);

}  // namespace parley::api
