#pragma once

// The bus over Redis: PUBLISH and SUBSCRIBE on channels PREFIX:DATABASE:N (Redis' own pub/sub knows no databases, so the number
// stands in the name), hashes PREFIX:KEY that expire. Two connections, since one that subscribes takes no other command.
//
// Threads: the loop's.

#include <set>

#include "broker/cluster/bus.h"
#include "broker/cluster/redis/connection.h"

namespace parley::cluster {

class RedisBus final : public Bus, public RedisConnection::Owner {
 public:
  RedisBus(net::Loop& loop, RedisSettings settings, Random& random);
  ~RedisBus() override = default;

  void start(Events& events) override;
  void subscribe(Channel channel) override;
  void unsubscribe(Channel channel) override;
  bool publish(Channel channel, std::string bytes) override;
  bool connected() const override { return connected_; }
  void put(std::string key, std::string field, std::string value, MonoMs ttl_ms) override;
  void remove(std::string key, std::string field) override;
  void list(std::string key, UniqueFunction<void(Result<std::vector<Item>>)> done) override;
  void close() override;

 private:
  // RedisConnection::Owner
  void on_ready(RedisConnection& connection) override;
  void on_lost(RedisConnection& connection, const std::string& reason) override;
  void on_push(const redisReply& reply) override;

  std::string name_of(Channel channel) const;
  bool parse_name(std::string_view name, Channel& channel) const;
  std::string key_of(const std::string& key) const { return settings_.prefix + ":" + key; }

  net::Loop& loop_;
  RedisSettings settings_;
  Random& random_;
  std::string channel_prefix_;
  std::unique_ptr<RedisConnection> commands_;
  std::unique_ptr<RedisConnection> subscriptions_;
  Events* events_ = nullptr;
  std::set<Channel> wanted_;
  bool connected_ = false;
  bool told_away_ = false;
};

}  // namespace parley::cluster
