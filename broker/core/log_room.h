#pragma once

// A room as the log loop knows it: committed state, the tail, who follows it, roles asked for lately, who is here.

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/base/time.h"
#include "broker/core/follower.h"
#include "broker/core/reorder.h"
#include "broker/core/tail.h"
#include "broker/protocol/envelope.h"
#include "storage/store.h"

namespace parley {

// Who is subscribed, counted per user, over all workers of this process; and who is elsewhere, as far as was looked.
class RoomPresence {
 public:
  void arrive(const Subject& subject);
  void depart(const Subject& subject);
  // Those on other replicas, by id to name, and how many more are only counted there.
  void set_elsewhere(const std::map<std::string, std::string>& people, std::uint64_t counted);

  std::uint64_t count() const { return users_.size() + counted_elsewhere_; }
  // At most `names_max` people in the order of their ids; none when there are more than that.
  std::vector<Member> people(std::size_t names_max) const;
  // The body of the signal that tells what changed since the last call; empty when nothing did.
  std::string take_news(std::size_t names_max, bool partial);

  // Nobody is to be told what has changed so far.
  void forget_news();

  // This replica's share.
  std::uint64_t own_count() const { return own_; }
  std::vector<envelope::Here::Person> own_people(std::size_t names_max) const;

  // ---- kept for SharedPresence
  bool own_changed = false;        // since the share was put on the bus
  bool elsewhere_changed = false;  // a peer said so
  bool on_bus = false;             // a share of ours lies there
  MonoMs put_ms = 0;
  MonoMs looked_ms = 0;

 private:
  struct Here {
    std::string name;
    unsigned subscriptions = 0;
    bool elsewhere = false;
  };
  void joined(const std::string& id, const std::string& name);
  void left(const std::string& id, const std::string& name);

  std::map<std::string, Here> users_;          // by id
  std::map<std::string, std::string> joined_;  // id to name, since the last news
  std::map<std::string, std::string> left_;
  std::uint64_t own_ = 0;
  std::uint64_t counted_elsewhere_ = 0;
  std::uint64_t count_told_ = 0;
};

// How far the room is behind what is known to be committed (core/catch_up.h).
struct RoomSync {
  Reorder waiting{1024, 4U << 20U};
  Seq known_head = 0;                        // committed somewhere, as far as anybody said
  bool unverified = false;                   // loaded, and not looked at since
  bool lagging = false;                      // in the list of those to look at
  bool reading = false;                      // a read from storage is under way
  MonoMs due = 0;                            // when to read
  std::vector<Reply<Nothing>> waiters;       // for the read under way
  std::vector<Reply<Nothing>> next_waiters;  // for one that begins later
};

// A role, and the entry that it comes from: an older entry that arrives late does not undo a newer one. 0: looked up in storage.
struct KnownRole {
  Role role = Role::guest;
  Seq seq = 0;
};

struct LogRoom {
  LogRoom(RoomInfo room, std::size_t tail_entries, std::size_t tail_bytes)
      : info(std::move(room)), name(std::make_shared<const std::string>(info.name)), tail(tail_entries, tail_bytes) {
    tail.reset(info.head, {});
  }

  RoomInfo info;  // as committed
  const std::shared_ptr<const std::string> name;
  Tail tail;
  RoomSync sync;
  Seq settings_seq = 0;  // the entry that `info`'s settings come from
  std::vector<FollowerId> followers;
  std::vector<std::string> attaching;  // users whose attach waits for a look at storage
  // Followers with a filter that matches the name (Log::add_interest), as of that generation of the filters.
  std::vector<FollowerId> interested;
  std::uint64_t interested_as_of = 0;
  std::vector<EntryPtr> messages;  // not kept, and not handed over yet
  std::size_t message_bytes = 0;
  RoomPresence presence;
  bool watched = false;  // somebody asked for presence

  // Roles, as looked up; kept up to date by what the log commits. Operations that wait for a look-up, in order.
  std::unordered_map<std::string, KnownRole> roles;
  std::unordered_map<std::string, std::vector<Reply<Role>>> role_waiters;
};
using LogRoomPtr = std::shared_ptr<LogRoom>;

}  // namespace parley
