#pragma once

// Who a token belongs to, as one worker knows it: REST and WebSocket sessions ask the same object. One thread, the worker's.

#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

#include "broker/base/random.h"
#include "broker/core/authenticator.h"
#include "http/api/tokens.h"

namespace parley::api {

class JwtAuthenticator final : public Authenticator {
 public:
  // `guests`: whether guests are let in (--anonymous). Both references outlive it.
  JwtAuthenticator(const Tokens& tokens, Random& random, bool guests) : tokens_(tokens), random_(random), guests_(guests) {}

  // unauthorized: the token is wrong or expired, its login was revoked, or it is a guest's where guests are not let in.
  Result<Login> verify(std::string_view token, UnixMs now) const override;
  // A guest under the name wished for as far as that is possible. Nothing is stored. unauthorized where guests are not let in.
  Result<SubjectPtr> guest(std::string_view name) override;
  Result<Login> admit(SubjectPtr subject, UnixMs now) const override;

  // Tokens of that login are refused from now on (to be called when the log says that a login was revoked). It is remembered
  // until the last of them has expired; a restart forgets it, and such a token may then be used for the rest of its lifetime.
  void revoke(const std::string& login, UnixMs now);

  bool guests() const { return guests_; }
  std::size_t revoked() const { return revoked_.size(); }

 private:
  const Tokens& tokens_;
  Random& random_;
  bool guests_;
  std::unordered_map<std::string, UnixMs> revoked_;   // login to the time when it can be forgotten
  std::deque<std::pair<UnixMs, std::string>> order_;  // the same, oldest first
};

}  // namespace parley::api
