#pragma once

// The log's news for one worker: to the hub, and the end of a login also to the authenticator.

#include "broker/core/hub.h"
#include "http/api/jwt_authenticator.h"

namespace parley::server {

class News final : public Follower {
 public:
  News(Hub& hub, api::JwtAuthenticator& authenticator) : hub_(hub), authenticator_(authenticator) {}

  void entries(std::vector<Run> runs) override { hub_.entries(std::move(runs)); }
  void messages(std::vector<Run> runs) override { hub_.messages(std::move(runs)); }
  void signal(SignalPtr signal) override { hub_.signal(std::move(signal)); }
  void rights_changed(const RoomInfo& room, const std::string& user_id, Role role) override {
    hub_.rights_changed(room, user_id, role);
  }
  void pruned(RoomId room, Seq floor) override { hub_.pruned(room, floor); }
  void login_revoked(const std::string& login) override {
    authenticator_.revoke(login, hub_.clock().unix_ms());
    hub_.login_revoked(login);
  }
  void epoch_changed() override { hub_.epoch_changed(); }

 private:
  Hub& hub_;
  api::JwtAuthenticator& authenticator_;
};

}  // namespace parley::server
