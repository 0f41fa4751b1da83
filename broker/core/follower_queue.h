#pragma once

// Carries the log's news over to a worker's loop, in order.

#include "broker/base/executor.h"
#include "broker/core/follower.h"

namespace parley {

// Called on the log's thread; `target` is called on the executor's. Both must outlive it.
class FollowerQueue final : public Follower {
 public:
  FollowerQueue(Executor& executor, Follower& target) : executor_(executor), target_(target) {}

  void entries(std::vector<Run> runs) override {
    executor_.post([target = &target_, runs = std::move(runs)]() mutable { target->entries(std::move(runs)); });
  }
  void messages(std::vector<Run> runs) override {
    executor_.post([target = &target_, runs = std::move(runs)]() mutable { target->messages(std::move(runs)); });
  }
  void signal(SignalPtr signal) override {
    executor_.post([target = &target_, signal = std::move(signal)]() mutable { target->signal(std::move(signal)); });
  }
  void rights_changed(const RoomInfo& room, const std::string& user_id, Role role) override {
    executor_.post([target = &target_, room, user_id, role] { target->rights_changed(room, user_id, role); });
  }
  void pruned(RoomId room, Seq floor) override {
    executor_.post([target = &target_, room, floor] { target->pruned(room, floor); });
  }
  void login_revoked(const std::string& login) override {
    executor_.post([target = &target_, login] { target->login_revoked(login); });
  }
  void epoch_changed() override {
    executor_.post([target = &target_] { target->epoch_changed(); });
  }

 private:
  Executor& executor_;
  Follower& target_;
};

}  // namespace parley
