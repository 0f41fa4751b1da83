#include "http/api/jwt_authenticator.h"

#include "http/api/names.h"

namespace parley::api {

namespace {
constexpr unsigned id_chars = 13;  // 65 bits, and with "g_" no more than a string holds without memory of its own
}

Result<Login> JwtAuthenticator::verify(std::string_view token, UnixMs now) const {
  Result<VerifiedToken> verified = tokens_.verify(std::string(token), now);
  if (!verified) return verified.error();
  if (verified->subject->guest && !guests_) return {Code::unauthorized, "this server does not let guests in; log in"};
  if (revoked_.count(verified->subject->login.str()) != 0) return {Code::unauthorized, "the login has ended; log in again"};
  return Login{std::move(verified->subject), verified->expires, {}};
}

Result<SubjectPtr> JwtAuthenticator::guest(std::string_view name) {
  if (!guests_) return {Code::unauthorized, "this server does not let guests in; log in"};
  return std::make_shared<const Subject>(Subject{"g_" + random_.id(id_chars), guest_name(name, random_), true, {}});
}

Result<Login> JwtAuthenticator::admit(SubjectPtr subject, UnixMs now) const {
  Result<IssuedToken> issued = tokens_.issue(*subject, now);
  if (!issued) return issued.error();
  return Login{std::move(subject), issued->expires, std::move(issued->token)};
}

void JwtAuthenticator::revoke(const std::string& login, UnixMs now) {
  while (!order_.empty() && order_.front().first <= now) {
    const auto found = revoked_.find(order_.front().second);
    if (found != revoked_.end() && found->second <= order_.front().first) revoked_.erase(found);
    order_.pop_front();
  }
  if (login.empty()) return;
  const UnixMs until = now + tokens_.settings().lifetime_ms + tokens_.settings().clock_skew_ms;
  revoked_[login] = until;
  order_.emplace_back(until, login);
}

}  // namespace parley::api
