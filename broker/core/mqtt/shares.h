#pragma once

// Shared subscriptions (MQTT 5 §4.8.2): each message of a group goes to one member. A member is owed at most its credit at a
// time; what it has not acknowledged when it leaves goes to another one. While no member has credit only numbers are kept.
//
// Threads: the log's. Workers reach it through Remote<Shares>.

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/core/log.h"

namespace parley::mqtt {

struct ShareMember {
  FollowerId worker = 0;
  SlotId session = 0;  // the hub's
  friend bool operator==(const ShareMember&, const ShareMember&) = default;
};

class ShareDelivery {
 public:
  virtual ~ShareDelivery() = default;
  // `filter`: the whole "$share/{group}/{filter}".
  virtual void deliver_shared(ShareMember member, const std::string& filter, const std::shared_ptr<const std::string>& room,
                              EntryPtr entry) = 0;
};

class Shares final : public Follower {
 public:
  Shares(Log& log, HashKey key, ShareDelivery& workers);
  ~Shares() override;
  Shares(const Shares&) = delete;
  Shares& operator=(const Shares&) = delete;

  // `filter` is valid and shared. Does nothing for one who is a member.
  void join(const std::string& filter, ShareMember member);
  // What it has not finished is another member's.
  void leave(const std::string& filter, ShareMember member);
  // The member needs no more be thought of for that entry.
  void done(const std::string& filter, ShareMember member, RoomId room, Seq seq);

  // Follower
  void entries(std::vector<Run> runs) override;
  void messages(std::vector<Run> runs) override;
  void signal(SignalPtr) override {}
  void rights_changed(const RoomInfo&, const std::string&, Role) override {}
  void pruned(RoomId, Seq) override {}
  void login_revoked(const std::string&) override {}
  void epoch_changed() override;

 private:
  struct Owed {
    RoomId room = 0;
    std::shared_ptr<const std::string> name;
    Seq seq = 0;
    EntryPtr entry;  // null: to be read from the log
  };
  struct Member {
    ShareMember who;
    std::deque<Owed> owed;
  };
  struct Group {
    SlotId number = 0;
    std::string filter;   // the whole of it
    std::string matched;  // without "$share/{group}/"
    std::vector<Member> members;
    std::size_t next = 0;  // whose turn it is
    std::deque<Owed> waiting;
    bool reading = false;
  };

  void assign(Group& group);
  void read(Group& group);
  Member* find(Group& group, ShareMember who);

  Log& log_;
  ShareDelivery& workers_;
  FollowerId follower_;
  std::unordered_map<std::string, std::unique_ptr<Group>> groups_;
  std::unordered_map<SlotId, Group*> by_number_;
  SlotId next_number_ = 1;
  SubscriptionTree tree_;
};

}  // namespace parley::mqtt
