#pragma once

// Who a token belongs to, as one worker knows it. REST and WebSocket sessions ask the same object. One thread.

#include <deque>
#include <string>
#include <unordered_map>

#include "broker/base/time.h"
#include "http/api/tokens.h"

namespace parley::api {

class Authenticator {
 public:
  // `guests`: whether guests are let in (--anonymous). Both references outlive it.
  Authenticator(const Tokens& tokens, const Clock& clock, bool guests) : tokens_(tokens), clock_(clock), guests_(guests) {}

  // unauthorized: the token is wrong or expired, its login was revoked, or it is a guest's where guests are not let in.
  Result<VerifiedToken> check(const std::string& token) const;

  // Tokens of that login are refused from now on. It is remembered until the last of them has expired; a restart forgets it, so a
  // token may then be used for the rest of its lifetime.
  void revoke(const std::string& login);

  const Tokens& tokens() const { return tokens_; }
  bool guests() const { return guests_; }
  std::size_t revoked() const { return revoked_.size(); }

 private:
  const Tokens& tokens_;
  const Clock& clock_;
  bool guests_;
  std::unordered_map<std::string, UnixMs> revoked_;  // login to the time when it can be forgotten
  std::deque<std::pair<UnixMs, std::string>> order_;  // the same, oldest first
};

}  // namespace parley::api
