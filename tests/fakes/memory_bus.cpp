#include "tests/fakes/memory_bus.h"

#include <algorithm>

namespace parley::fakes {

std::unique_ptr<MemoryBusHub::Door> MemoryBusHub::door(Executor& executor) {
  auto made = std::make_unique<Door>(*this, executor);
  doors_.push_back(made.get());
  return made;
}

void MemoryBusHub::hand_out(const Message& message) {
  message.to->later([door = message.to, channel = message.channel, bytes = message.bytes] {
    if (door->connected_ && door->confirmed_.contains(channel)) door->events_->on_message(channel, bytes);
  });
}

void MemoryBusHub::deliver(std::size_t i) {
  const Message message = messages_[i];
  lose(i);
  hand_out(message);
}

void MemoryBusHub::repeat(std::size_t i) { hand_out(messages_[i]); }

void MemoryBusHub::set_up(bool up) {
  if (up == up_) return;
  up_ = up;
  if (!up) {
    messages_.clear();
    values_.clear();
  }
  for (Door* door : doors_) door->set_connected(up);
}

template <typename F>
void MemoryBusHub::Door::later(F f) {
  executor_.post([alive = alive_, f = std::move(f)]() mutable {
    if (*alive) f();
  });
}

void MemoryBusHub::Door::start(Events& events) {
  events_ = &events;
  set_connected(hub_.up_);
}

void MemoryBusHub::Door::set_connected(bool connected) {
  if (events_ == nullptr || !*alive_ || connected == connected_) return;
  connected_ = connected;
  confirmed_.clear();
  later([this, connected] { events_->on_connected(connected); });
  if (!connected) return;
  for (const cluster::Channel channel : channels_) confirm(channel);
}

void MemoryBusHub::Door::subscribe(cluster::Channel channel) {
  if (channels_.insert(channel).second && connected_) confirm(channel);
}

void MemoryBusHub::Door::confirm(cluster::Channel channel) {
  later([this, channel] {
    if (!connected_ || !channels_.contains(channel)) return;
    confirmed_.insert(channel);
    events_->on_subscribed(channel);
  });
}

bool MemoryBusHub::Door::publish(cluster::Channel channel, std::string bytes) {
  if (!connected_) return false;
  for (Door* door : hub_.doors_) {
    if (door->connected_ && door->confirmed_.contains(channel)) hub_.messages_.push_back({door, channel, bytes});
  }
  return true;
}

void MemoryBusHub::Door::put(std::string key, std::string field, std::string value, MonoMs ttl_ms) {
  if (!connected_) return;
  Value& at = hub_.values_[std::move(key)];
  if (at.expires <= hub_.clock_.mono_ms()) at.fields.clear();
  at.fields[std::move(field)] = std::move(value);
  at.expires = hub_.clock_.mono_ms() + ttl_ms;
}

void MemoryBusHub::Door::remove(std::string key, std::string field) {
  if (connected_) hub_.values_[std::move(key)].fields.erase(field);
}

void MemoryBusHub::Door::list(std::string key, UniqueFunction<void(Result<std::vector<Item>>)> done) {
  later([this, key = std::move(key), done = std::move(done)]() mutable {
    if (!connected_) return done({Code::unavailable, "the bus is away"});
    std::vector<Item> items;
    const Value& at = hub_.values_[key];
    if (at.expires > hub_.clock_.mono_ms()) {
      for (const auto& [field, value] : at.fields) items.push_back({field, value});
    }
    done(std::move(items));
  });
}

void MemoryBusHub::Door::close() {
  *alive_ = false;
  connected_ = false;
  std::erase(hub_.doors_, this);
  std::erase_if(hub_.messages_, [this](const Message& message) { return message.to == this; });
}

}  // namespace parley::fakes
