#pragma once

// What the log tells a worker. The log calls these on its own thread; the worker's implementation carries them over to its loop,
// in order.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "broker/protocol/entry.h"
#include "broker/protocol/room.h"

namespace parley {

using FollowerId = std::uint32_t;

// Not stored, delivered to those online now, dropped under pressure.
struct Signal {
  RoomId room = 0;
  std::string type;
  std::string user_id;
  std::string user_name;
  std::string body;            // a JSON object
  std::string only_to;         // not empty: only sessions of this user id
  bool only_watchers = false;  // presence news: only subscriptions that asked for presence
};
using SignalPtr = std::shared_ptr<const Signal>;

// Entries of one room that go together. Shared by all workers.
struct Run {
  RoomId room = 0;
  std::shared_ptr<const std::string> name;  // of the room: a worker may be interested in it by a filter without knowing it yet
  std::shared_ptr<const std::vector<EntryPtr>> entries;
};

class Follower {
 public:
  virtual ~Follower() = default;
  // The next entries of rooms, all that one commit brought: contiguous, and following those handed over before.
  virtual void entries(std::vector<Run> runs) = 0;
  // Messages that are not kept (QoS 0 in a room that keeps what is acknowledged): entries without a number, in the order in which
  // they were published.
  virtual void messages(std::vector<Run> runs) = 0;
  virtual void signal(SignalPtr signal) = 0;
  // The user's role in the room changed, or (user_id empty) the room's settings did: rights are to be asked again.
  virtual void rights_changed(const RoomInfo& room, const std::string& user_id, Role role) = 0;
  virtual void pruned(RoomId room, Seq floor) = 0;
  virtual void login_revoked(const std::string& login) = 0;
  // Storage is another log: no room, cursor or entry holds any more.
  virtual void epoch_changed() = 0;
  // An MQTT client has come to another replica. A hint.
  virtual void client_moved(const std::string& /*client_id*/, const std::string& /*user_id*/) {}
};

}  // namespace parley
