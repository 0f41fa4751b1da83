#include "http/api/authenticator.h"

namespace parley::api {

Result<VerifiedToken> Authenticator::check(const std::string& token) const {
  Result<VerifiedToken> verified = tokens_.verify(token, clock_.unix_ms());
  if (!verified) return verified;
  if (verified->subject->guest && !guests_) return {Code::unauthorized, "this server does not let guests in; log in"};
  if (revoked_.count(verified->subject->login) != 0) return {Code::unauthorized, "the login has ended; log in again"};
  return verified;
}

void Authenticator::revoke(const std::string& login) {
  const UnixMs now = clock_.unix_ms();
  while (!order_.empty() && order_.front().first <= now) {
    const auto found = revoked_.find(order_.front().second);
    if (found != revoked_.end() && found->second <= order_.front().first) revoked_.erase(found);
    order_.pop_front();
  }
  const UnixMs until = now + tokens_.settings().lifetime_ms + tokens_.settings().clock_skew_ms;
  revoked_[login] = until;
  order_.emplace_back(until, login);
}

}  // namespace parley::api
