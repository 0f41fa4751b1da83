#pragma once

// A room as the log loop knows it: committed state, the tail, who follows it, roles asked for lately, who is here.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/core/follower.h"
#include "broker/core/tail.h"
#include "storage/store.h"

namespace parley {

// Who is subscribed, counted per user, over all workers of this process.
class RoomPresence {
 public:
  void arrive(const Subject& subject);
  void depart(const Subject& subject);
  std::uint64_t count() const { return users_.size(); }
  // At most `names_max` people in the order of their ids; none when there are more than that.
  std::vector<Member> people(std::size_t names_max) const;
  // The body of the signal that tells what changed since the last call; empty when nothing did.
  std::string take_news(std::size_t names_max);

 private:
  struct Here {
    std::string name;
    unsigned subscriptions = 0;
  };
  std::map<std::string, Here> users_;          // by id
  std::map<std::string, std::string> joined_;  // id to name, since the last news
  std::map<std::string, std::string> left_;
};

struct LogRoom {
  LogRoom(RoomInfo room, std::size_t tail_entries, std::size_t tail_bytes)
      : info(std::move(room)), name(std::make_shared<const std::string>(info.name)), tail(tail_entries, tail_bytes) {
    tail.reset(info.head, {});
  }

  RoomInfo info;  // as committed
  const std::shared_ptr<const std::string> name;
  Tail tail;
  std::vector<FollowerId> followers;
  // Followers with a filter that matches the name (Log::add_interest), as of that generation of the filters.
  std::vector<FollowerId> interested;
  std::uint64_t interested_as_of = 0;
  RoomPresence presence;
  bool watched = false;  // somebody asked for presence

  // Roles, as looked up; kept up to date by what the log commits. Operations that wait for a look-up, in order.
  std::unordered_map<std::string, Role> roles;
  std::unordered_map<std::string, std::vector<Reply<Role>>> role_waiters;
};
using LogRoomPtr = std::shared_ptr<LogRoom>;

}  // namespace parley
