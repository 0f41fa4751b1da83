#include "broker/cluster/redis/redis_bus.h"

#include <hiredis/hiredis.h>

#include <charconv>

#include "broker/base/log.h"

namespace parley::cluster {

namespace {
std::string_view text_of(const redisReply& reply) { return {reply.str, reply.len}; }
bool is_text(const redisReply* reply) { return reply != nullptr && reply->type == REDIS_REPLY_STRING; }
}  // namespace

RedisBus::RedisBus(net::Loop& loop, RedisSettings settings, Random& random)
    : loop_(loop),
      settings_(std::move(settings)),
      random_(random),
      channel_prefix_(settings_.prefix + ":" + std::to_string(settings_.url.database) + ":") {}

void RedisBus::start(Events& events) {
  events_ = &events;
  commands_ = std::make_unique<RedisConnection>(loop_, settings_, random_, false, *this);
  subscriptions_ = std::make_unique<RedisConnection>(loop_, settings_, random_, true, *this);
  commands_->start();
  subscriptions_->start();
}

void RedisBus::close() {
  connected_ = false;
  commands_.reset();
  subscriptions_.reset();
}

// ---- channels

std::string RedisBus::name_of(Channel channel) const {
  return channel_prefix_ + (channel == control_channel ? "control" : std::to_string(channel));
}

bool RedisBus::parse_name(std::string_view name, Channel& channel) const {
  if (!name.starts_with(channel_prefix_)) return false;
  name.remove_prefix(channel_prefix_.size());
  if (name == "control") {
    channel = control_channel;
    return true;
  }
  const char* const end = name.data() + name.size();
  const auto [behind, failed] = std::from_chars(name.data(), end, channel);
  return failed == std::errc() && behind == end && channel < room_channels;
}

void RedisBus::subscribe(Channel channel) {
  if (wanted_.insert(channel).second && subscriptions_) subscriptions_->send({"SUBSCRIBE", name_of(channel)});
}

void RedisBus::unsubscribe(Channel channel) {
  if (wanted_.erase(channel) != 0 && subscriptions_) subscriptions_->send({"UNSUBSCRIBE", name_of(channel)});
}

bool RedisBus::publish(Channel channel, std::string bytes) {
  return connected_ && commands_->send({"PUBLISH", name_of(channel), std::move(bytes)});
}

// Replies of a connection that subscribes: arrays ["message", channel, bytes], ["subscribe", channel, count], ["pong", ""].
void RedisBus::on_push(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR) {
    log::warn("Redis refused a subscription", {{"reason", text_of(reply)}});
    return;
  }
  if (reply.type != REDIS_REPLY_ARRAY || reply.elements < 3 || !is_text(reply.element[0]) || !is_text(reply.element[1])) return;
  Channel channel = 0;
  if (!parse_name(text_of(*reply.element[1]), channel) || !connected_ || !wanted_.contains(channel)) return;
  const std::string_view kind = text_of(*reply.element[0]);
  if (kind == "message" && is_text(reply.element[2])) {
    events_->on_message(channel, text_of(*reply.element[2]));
  } else if (kind == "subscribe") {
    events_->on_subscribed(channel);
  }
}

// ---- what is short-lived

void RedisBus::put(std::string key, std::string field, std::string value, MonoMs ttl_ms) {
  if (!connected_) return;
  const std::string name = key_of(key);
  commands_->send({"HSET", name, std::move(field), std::move(value)});
  commands_->send({"PEXPIRE", name, std::to_string(ttl_ms)});
}

void RedisBus::remove(std::string key, std::string field) {
  if (connected_) commands_->send({"HDEL", key_of(key), std::move(field)});
}

void RedisBus::list(std::string key, UniqueFunction<void(Result<std::vector<Item>>)> done) {
  auto shared = std::make_shared<UniqueFunction<void(Result<std::vector<Item>>)>>(std::move(done));
  const bool sent = connected_ && commands_->send({"HGETALL", key_of(key)}, [shared](const redisReply* reply) {
    if (reply == nullptr || reply->type != REDIS_REPLY_ARRAY) return (*shared)(Error{Code::unavailable, "Redis is away"});
    std::vector<Item> items;
    for (std::size_t i = 0; i + 1 < reply->elements; i += 2) {
      if (!is_text(reply->element[i]) || !is_text(reply->element[i + 1])) continue;
      items.push_back({std::string(text_of(*reply->element[i])), std::string(text_of(*reply->element[i + 1]))});
    }
    (*shared)(std::move(items));
  });
  if (!sent) loop_.post([shared] { (*shared)(Error{Code::unavailable, "Redis is away"}); });
}

// ---- coming and going

void RedisBus::on_ready(RedisConnection& /*connection*/) {
  if (!commands_->ready() || !subscriptions_->ready() || connected_) return;
  connected_ = true;
  told_away_ = false;
  log::info("Redis is there", {{"address", settings_.url.address.text()}});
  events_->on_connected(true);
  for (const Channel channel : wanted_) subscriptions_->send({"SUBSCRIBE", name_of(channel)});
}

// One lost, both are given up in effect: what is published while nobody hears is not heard. The other connection stays.
void RedisBus::on_lost(RedisConnection& /*connection*/, const std::string& reason) {
  if (!std::exchange(told_away_, true)) {
    log::warn("Redis is away: storage is asked more often meanwhile",
              {{"address", settings_.url.address.text()}, {"reason", reason}});
  }
  if (std::exchange(connected_, false)) events_->on_connected(false);
}

}  // namespace parley::cluster
