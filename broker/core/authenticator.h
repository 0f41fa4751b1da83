#pragma once

// Who a client is, said by its token. Implemented over JWT by http/api; immutable, so any thread may ask.

#include <string>
#include <string_view>

#include "broker/base/result.h"
#include "broker/base/time.h"
#include "broker/protocol/room.h"

namespace parley {

struct Login {
  SubjectPtr subject;
  UnixMs expires = 0;
  std::string token;  // a new guest's, to come back as the same one
};

class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // unauthorized: malformed, expired, signed by somebody else.
  virtual Result<Login> verify(std::string_view token, UnixMs now) const = 0;
  // A new guest; `name` is a wish and may be empty. unauthorized where guests are not allowed.
  virtual Result<Login> guest(std::string_view name, UnixMs now) = 0;
};

}  // namespace parley
