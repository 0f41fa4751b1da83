#pragma once

// Shared subscriptions (MQTT 5 §4.8.2): each message of a group goes to one member. A member is owed at most its credit at a
// time; what it has not acknowledged when it leaves goes to another one. While no member has credit only numbers are kept.
//
// Where the store has a part for MQTT a group stands in storage (shares_stored.cpp): this process has a session of its own there,
// which is a member of each group that has members here. It claims the next entries of a room, hands them to its members in turn,
// and says which are done. What it has claimed when it dies is free again when its lease has ended. A group whose members are
// away stays in storage by their own sessions, and goes on when one of them is back, on whatever replica.
//
// Of messages that are not kept storage knows nothing: the replica where one is published chooses among the members here and
// those that the others say they have (SharePlaces).
//
// Threads: the log's. Workers reach it through Remote<Shares>.

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/core/log.h"
#include "broker/core/mqtt/share_places.h"
#include "broker/core/share_groups.h"
#include "storage/mqtt_store.h"

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

struct ShareStorage {
  MqttStore* store = nullptr;  // null: groups are in memory
  std::string owner;           // names this life of the process; its lease is renewed by the registry
  const Clock* clock = nullptr;
  UniqueFunction<void(SessionKey)> opened;  // the session of its own
};

class Shares final : public Follower, private ShareGroups {
 public:
  Shares(Log& log, HashKey key, ShareDelivery& workers, ShareStorage storage = {});
  ~Shares() override;
  Shares(const Shares&) = delete;
  Shares& operator=(const Shares&) = delete;

  // `filter` is valid and shared. Does nothing for one who is a member. Answered when the group stands in storage: what is
  // published from then on is the group's.
  void join(const std::string& filter, ShareMember member, Reply<Nothing> done);
  // What it has not finished is another member's.
  void leave(const std::string& filter, ShareMember member);
  // The member needs no more be thought of for that entry. `saved`: storage hears of it otherwise (SessionSave::shares).
  void done(const std::string& filter, ShareMember member, RoomId room, Seq seq, bool saved = false);
  // Several times a second.
  void tick();
  // The process ends: what is done is said to storage.
  void close();

  // Follower
  void entries(std::vector<Run> runs) override;
  void messages(std::vector<Run>) override {}  // by published() and forwarded()
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
    std::size_t next = 0;    // whose turn it is
    std::uint64_t turn = 0;  // the same, of messages that are not kept, over all replicas
    std::deque<Owed> waiting;
    bool reading = false;
    // In storage
    bool joined = false;
    bool joining = false;
    bool looking = false;
    std::vector<Reply<Nothing>> asking;
    struct Work {
      std::shared_ptr<const std::string> name;
      std::uint64_t heard = 0;  // counts what says that there may be something to claim
    };
    std::unordered_map<RoomId, Work> work;
  };
  struct Asked {
    SlotId group = 0;
    std::string filter;
    RoomId room = 0;
    std::uint64_t heard = 0;
    unsigned entries = 0;
  };

  // ShareGroups
  std::vector<envelope::GroupChoice> published(const LogRoom& room, const EntryPtr& message) override;
  void forwarded(const LogRoom& room, const EntryPtr& message, const std::vector<envelope::GroupChoice>& chosen) override;
  void heard(const std::string& replica, const envelope::Groups& groups) override;
  void asked() override { places_.tell_all(); }
  void bus_lost() override { places_.clear(); }

  void assign(Group& group);
  void read(Group& group);
  Member* find(Group& group, ShareMember who);
  Group* find(SlotId number);

  // shares_stored.cpp
  bool stored() const { return storage_.store != nullptr; }
  void open();
  void subscribe(SlotId number, RoomsStep step);
  void subscribed(Group& group, const Result<Nothing>& result);
  void look(SlotId number, RoomsStep step);
  void note_work(Group& group, RoomId room, const std::shared_ptr<const std::string>& name);
  void note_entries(Group& group, const Run& run);
  void pump();
  void claimed(const std::vector<Asked>& asked, const Result<std::vector<Result<std::vector<SeqRange>>>>& answers);
  void take(Group& group, RoomId room, const std::vector<SeqRange>& ranges);
  void finished(const Group& group, RoomId room, Seq seq);
  void give_back(Group& group);
  void flush();
  void lost();
  EntryPtr remembered(RoomId room, Seq seq) const;

  Log& log_;
  ShareDelivery& workers_;
  FollowerId follower_;
  std::unordered_map<std::string, std::unique_ptr<Group>> groups_;
  std::unordered_map<SlotId, Group*> by_number_;
  SlotId next_number_ = 1;
  SubscriptionTree tree_;
  SharePlaces places_;
  std::vector<FilterOwner> matched_;            // of one message; kept for its memory
  std::vector<SharePlaces::Group*> elsewhere_;  // alike

  ShareStorage storage_;
  SessionKey own_;  // id 0: not open
  bool opening_ = false;
  bool claiming_ = false;
  unsigned saving_ = 0;
  MonoMs next_look_ = 0;
  std::map<std::pair<std::string, RoomId>, std::vector<Seq>> done_;      // not said to storage yet
  std::map<std::pair<std::string, RoomId>, std::vector<Seq>> returned_;  // alike
  std::unordered_map<RoomId, std::deque<EntryPtr>> recent_;              // of rooms of groups, as they were handed over
};

}  // namespace parley::mqtt
