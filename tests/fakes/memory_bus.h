#pragma once

// A bus in memory between replicas of one test: a hub and a door per replica. Messages wait in the hub until the test delivers
// them, so it can lose, double, delay and reorder them, and cut a replica off.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "broker/base/executor.h"
#include "broker/cluster/bus.h"

namespace parley::fakes {

class MemoryBusHub {
 public:
  explicit MemoryBusHub(const Clock& clock) : clock_(clock) {}

  class Door;
  // `executor`: the replica's thread, where its events come.
  std::unique_ptr<Door> door(Executor& executor);

  // Messages on their way, each to one door.
  std::size_t waiting() const { return messages_.size(); }
  void deliver(std::size_t i);
  void lose(std::size_t i) { messages_.erase(messages_.begin() + static_cast<std::ptrdiff_t>(i)); }
  // Delivers it, and leaves it to be delivered again.
  void repeat(std::size_t i);
  void deliver_all() {
    while (!messages_.empty()) deliver(0);
  }
  // Everybody loses the connection, and what was put; or has it again.
  void set_up(bool up);

 private:
  struct Message {
    Door* to;
    cluster::Channel channel;
    std::string bytes;
  };
  struct Value {
    std::map<std::string, std::string> fields;
    MonoMs expires = 0;
  };
  void hand_out(const Message& message);

  const Clock& clock_;
  bool up_ = true;
  std::vector<Door*> doors_;
  std::vector<Message> messages_;
  std::map<std::string, Value> values_;
};

class MemoryBusHub::Door final : public cluster::Bus {
 public:
  Door(MemoryBusHub& hub, Executor& executor) : hub_(hub), executor_(executor) {}
  ~Door() override { close(); }

  void start(Events& events) override;
  void subscribe(cluster::Channel channel) override;
  void unsubscribe(cluster::Channel channel) override { channels_.erase(channel); }
  bool publish(cluster::Channel channel, std::string bytes) override;
  bool connected() const override { return connected_; }
  void put(std::string key, std::string field, std::string value, MonoMs ttl_ms) override;
  void remove(std::string key, std::string field) override;
  void list(std::string key, UniqueFunction<void(Result<std::vector<Item>>)> done) override;
  void close() override;

  // Cuts this replica off, or lets it in again.
  void set_connected(bool connected);

 private:
  friend class MemoryBusHub;
  template <typename F>
  void later(F f);
  void confirm(cluster::Channel channel);

  MemoryBusHub& hub_;
  Executor& executor_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Events* events_ = nullptr;
  bool connected_ = false;
  std::set<cluster::Channel> channels_;   // wanted
  std::set<cluster::Channel> confirmed_;  // in force
};

}  // namespace parley::fakes
