#pragma once

// What the log asks of MQTT's share groups (core/mqtt/shares.h) about messages that are not kept: nobody claims those in storage,
// so the replica where one is published says who in each group has it.
//
// Threads: the log's.

#include <string>
#include <vector>

#include "broker/core/log_room.h"
#include "broker/protocol/envelope.h"

namespace parley {

class ShareGroups {
 public:
  virtual ~ShareGroups() = default;
  // Published at this replica. Members here are handed what is theirs; answers which groups have it on other replicas.
  virtual std::vector<envelope::GroupChoice> published(const LogRoom& room, const EntryPtr& message) = 0;
  // Published at another replica, which chose.
  virtual void forwarded(const LogRoom& room, const EntryPtr& message, const std::vector<envelope::GroupChoice>& chosen) = 0;
  // What a replica says of its groups.
  virtual void heard(const std::string& replica, const envelope::Groups& groups) = 0;
  // Somebody (again) has a connection: this replica's groups are to be said to them.
  virtual void asked() = 0;
  // Without the bus nothing is forwarded: each replica is alone with its members.
  virtual void bus_lost() = 0;
};

}  // namespace parley
