#pragma once

// Where Redis is: redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE], rediss:// for TLS.

#include <string>
#include <string_view>

#include "broker/base/result.h"
#include "broker/net/address.h"

namespace parley::cluster {

struct RedisUrl {
  net::Address address;
  bool tls = false;
  std::string user;  // empty: Redis' default user
  std::string password;
  unsigned database = 0;
};

// Percent-decodes user and password. bad_request says what is wrong, without the password.
Result<RedisUrl> parse_redis_url(std::string_view text);

}  // namespace parley::cluster
