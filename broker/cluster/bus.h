#pragma once

// How replicas tell each other what happened, and where they keep what is short-lived. A hint, never the truth: a message may be
// lost, late, doubled or out of order, and what was put may be gone. Who relies on it must be right without it.
//
// Threads: a bus belongs to one thread; every call and every event is there. Events come later, never inside a call.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/base/result.h"
#include "broker/base/time.h"
#include "broker/base/unique_function.h"

namespace parley::cluster {

using Channel = std::uint16_t;
constexpr Channel room_channels = 256;            // channels 0 to 255 carry rooms
constexpr Channel control_channel = 256;          // what concerns every replica
constexpr std::size_t message_bytes = 256 << 10;  // senders cut what they tell into messages of about this size

// The channel of a room: rooms spread evenly, also when their ids do not. The mapping is part of the protocol between replicas.
constexpr Channel channel_of(std::int64_t room) {
  auto mixed = static_cast<std::uint64_t>(room);
  mixed = (mixed ^ (mixed >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94d049bb133111ebULL;
  return static_cast<Channel>((mixed ^ (mixed >> 31U)) % room_channels);
}

class Bus {
 public:
  class Events {
   public:
    virtual ~Events() = default;
    // What somebody published on a subscribed channel; one's own messages come back too. The view is valid during the call.
    virtual void on_message(Channel channel, std::string_view bytes) = 0;
    // From now on what is published on the channel arrives. Comes again after every reconnect.
    virtual void on_subscribed(Channel channel) = 0;
    // The bus is there, or is away. False at first. While it is away nothing arrives and nothing is sent.
    virtual void on_connected(bool connected) = 0;
  };

  struct Item {
    std::string field;
    std::string value;
  };

  virtual ~Bus() = default;

  // Connects and stays connected. `events` outlives the bus or close().
  virtual void start(Events& events) = 0;
  // Never waits for anything: on_subscribed tells when it has taken effect. Subscribing twice is subscribing once.
  virtual void subscribe(Channel channel) = 0;
  virtual void unsubscribe(Channel channel) = 0;
  // False: not sent, because the bus is away or cannot keep up.
  virtual bool publish(Channel channel, std::string bytes) = 0;
  virtual bool connected() const = 0;

  // ---- what is short-lived: fields of a key. The whole key is gone `ttl_ms` after the last put. Both are dropped while the bus
  // is away.
  virtual void put(std::string key, std::string field, std::string value, MonoMs ttl_ms) = 0;
  virtual void remove(std::string key, std::string field) = 0;
  // The key's fields in any order, none when there is no such key; unavailable.
  virtual void list(std::string key, UniqueFunction<void(Result<std::vector<Item>>)> done) = 0;

  // Ends the connections; no event and no answer comes afterwards.
  virtual void close() = 0;
};

}  // namespace parley::cluster
