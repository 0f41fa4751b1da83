#pragma once

// The registry's words to the workers, and a worker's way to the accounts, each on its own loop.

#include <vector>

#include "broker/core/mqtt/exchange.h"
#include "broker/core/mqtt/registry.h"
#include "broker/net/loop.h"
#include "http/api/accounts.h"

namespace parley::server {

class MqttWorkers final : public mqtt::TakeOver, public mqtt::ShareDelivery {
 public:
  // Before the loops run.
  void add(FollowerId worker, net::Loop& loop, mqtt::Exchange& exchange) {
    if (workers_.size() <= worker) workers_.resize(worker + 1);
    workers_[worker] = {&loop, &exchange};
  }
  void take_over(mqtt::Owner owner) override {
    const Worker& worker = workers_[owner.worker];
    worker.loop->post([exchange = worker.exchange, client = owner.client] { exchange->take_over(client); });
  }
  void deliver_shared(mqtt::ShareMember member, const std::string& filter, const std::shared_ptr<const std::string>& room,
                      EntryPtr entry) override {
    const Worker& worker = workers_[member.worker];
    worker.loop->post([exchange = worker.exchange, session = member.session, filter, room, entry = std::move(entry)] {
      exchange->deliver_shared(session, filter, *room, entry);
    });
  }

 private:
  struct Worker {
    net::Loop* loop = nullptr;
    mqtt::Exchange* exchange = nullptr;
  };
  std::vector<Worker> workers_;
};

class MqttPasswords final : public PasswordLogin {
 public:
  explicit MqttPasswords(Remote<api::Accounts> accounts) : accounts_(accounts) {}
  void check(std::string name, std::string password, std::string peer, UniqueFunction<void(Result<SubjectPtr>)> done) override {
    accounts_.call<SubjectPtr>([credentials = api::Credentials{std::move(name), std::move(password), std::move(peer)}](
                                   api::Accounts& accounts,
                                   Reply<SubjectPtr> reply) mutable { accounts.check(std::move(credentials), std::move(reply)); },
                               std::move(done));
  }

 private:
  Remote<api::Accounts> accounts_;
};

}  // namespace parley::server
