#pragma once

// Who a client is, said by its token. Implemented over JWT by http/api; immutable, so any thread may ask.

#include <string>
#include <string_view>

#include "broker/base/result.h"
#include "broker/base/time.h"
#include "broker/base/unique_function.h"
#include "broker/protocol/room.h"

namespace parley {

struct Login {
  SubjectPtr subject;
  UnixMs expires = 0;
  std::string token;  // from admit
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // unauthorized: malformed, expired, signed by somebody else.
  virtual Result<Login> verify(std::string_view token, UnixMs now) const = 0;
  // A new guest; `name` is a wish and may be empty. unauthorized where guests are not allowed.
  virtual Result<SubjectPtr> guest(std::string_view name) = 0;
  // A new token for somebody who was let in. MQTT clients need none.
  virtual Result<Login> admit(SubjectPtr subject, UnixMs now) const = 0;
};

// Logins by name and password. Implemented over the accounts on the log loop: the hash is computed on other threads.
class PasswordLogin {
 public:
  virtual ~PasswordLogin() = default;
  // `peer`: the client's address, for the limit on failures. Answered later, on the caller's thread. unauthorized, rate_limited,
  // unavailable.
  virtual void check(std::string name, std::string password, std::string peer, UniqueFunction<void(Result<SubjectPtr>)> done) = 0;
};

}  // namespace parley
