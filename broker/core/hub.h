#pragma once

// One worker's share of the rooms: which of its sessions have a cursor where, and what they are owed. It follows, at the log, the
// rooms in which its sessions have an interest.
//
// Threads: the worker's. The log's news arrive through FollowerQueue (core/follower_queue.h).

#include <deque>
#include <memory>
#include <string>
#include <unordered_map>

#include "broker/core/counters.h"
#include "broker/core/log.h"
#include "broker/core/remote.h"
#include "broker/core/room.h"
#include "broker/protocol/websocket_writer.h"

namespace parley {

struct HubSettings {
  std::size_t tail_entries = 256;
  std::size_t tail_bytes = 256U << 10U;
  std::size_t run_bytes = 64U << 10U;  // handed to a session at once, when it is more than one entry
  unsigned page_entries = 256;         // of one read of the log for a reader behind the tail
  std::size_t page_bytes = 256U << 10U;
  unsigned pages_under_way = 64;  // reads of the log at a time
  // Whoever drives the hub calls end_turn() after every turn of its loop; then a room's signals of one turn go on in one piece.
  // Otherwise each goes at once.
  bool turns = false;
};

// Sessions that subscribe by topic filters (core/mqtt/exchange.h) rather than room by room: asked before the hub delivers, so
// that those that match a room and have no cursor there can attach.
class FilteredSessions {
 public:
  virtual ~FilteredSessions() = default;
  // Entries after `before` are about to be delivered.
  virtual void entries_come(RoomId room, const std::string& name, Seq before) = 0;
  // Messages that are not kept; for sessions without a cursor, the others get them by Subscriber::messages.
  virtual void messages_come(const Run& run) = 0;
  virtual void rights_changed(RoomId room, const std::string& user_id) = 0;
};

class Hub final : public Follower {
 public:
  Hub(Remote<Log> log, const Clock& clock, WorkerCounters& counters, HubSettings settings);
  ~Hub() override = default;
  Hub(const Hub&) = delete;
  Hub& operator=(const Hub&) = delete;

  // The id that Log::add_follower gave; before the first attach.
  void set_follower(FollowerId follower) { follower_ = follower; }
  FollowerId follower() const { return follower_; }
  // It outlives every call of the log's news.
  void set_filtered(FilteredSessions* sessions) { filtered_ = sessions; }

  using SessionId = SlotId;
  SessionId add_session(Subscriber& session);
  // Ends its cursors too.
  void remove_session(SessionId session);
  // Null when the session is gone.
  Subscriber* session(SessionId id) const { return sessions_.find(id); }
  std::size_t session_count() const { return sessions_.size(); }
  // `f(Subscriber&)` for every session.
  template <typename F>
  void for_each_session(F f) {
    sessions_.for_each([&](SlotId, Subscriber& session) { f(session); });
  }

  struct Attachment {
    Attached at;
    Cursor* cursor = nullptr;
  };
  // Asks the log. `done` runs only while the session is there; entries flow when it calls start(). The errors are Log::attach's.
  void attach(SessionId session, SubjectPtr subject, Attach attach, Reply<Attachment> done);
  void start(Cursor& cursor) { pump(cursor); }
  // Ends the subscription; the cursor is gone.
  void detach(Cursor& cursor);
  // The client has everything up to `seq`.
  void acked(Cursor& cursor, Seq seq);
  // Hands over what the cursor is owed, as much as the session takes; for when a connection drains.
  void pump(Cursor& cursor);
  // To this worker's subscribers now, to the others through the log. Rights were asked.
  void publish_signal(const Cursor& from, std::string type, std::string body);
  // About every 250 ms: reads that failed are tried again.
  void tick();
  // After each turn of the loop, where HubSettings::turns is set.
  void end_turn();

  Remote<Log>& log() { return log_; }
  const Clock& clock() const { return clock_; }
  WorkerCounters& counters() { return counters_; }

  // Follower
  void entries(std::vector<Run> runs) override;
  void messages(std::vector<Run> runs) override;
  void signal(SignalPtr signal) override;
  void rights_changed(const RoomInfo& room, const std::string& user_id, Role role) override;
  void pruned(RoomId room, Seq floor) override;
  void login_revoked(const std::string& login) override;
  void epoch_changed() override;

 private:
  void attached(SessionId session, const SubjectPtr& subject, const std::string& name, bool present, Result<Attached> result,
                Reply<Attachment> done);
  Room* find(RoomId id) const;
  void drop_if_empty(Room& room);
  void deliver_from_tail(Cursor& cursor, Subscriber::Allowance allowance);
  void request_page(Cursor& cursor);
  void page_arrived(SlotId cursor, Result<LogPage> page);
  void next_page();
  void local_signal(Room& room, const Signal& signal);
  void join_signal(Room& room, const Signal& signal);

  // Signals for all of a room's subscribers, until the turn's end.
  struct Passing {
    RoomId room = 0;
    websocket::FrameRun frames;
    unsigned count = 0;
  };
  void pass_on(Passing& passing);

  Remote<Log> log_;
  FollowerId follower_ = 0;
  FilteredSessions* filtered_ = nullptr;
  const Clock& clock_;
  WorkerCounters& counters_;
  HubSettings settings_;
  SlotMap<Subscriber, Subscriber*> sessions_;
  SlotMap<Cursor> cursors_;
  std::unordered_map<RoomId, std::unique_ptr<Room>> rooms_;
  std::unordered_map<std::string, RoomId> by_name_;
  std::unordered_map<std::string, unsigned> attaching_;  // attaches under way, by room
  unsigned pages_under_way_ = 0;
  std::deque<SlotId> waiting_for_page_;
  std::vector<SlotId> failed_reads_;
  std::vector<Passing> passing_;  // the first passing_used_; the others are kept for their memory
  std::uint32_t passing_used_ = 0;
};

}  // namespace parley
