// The log's side of what other replicas do: entries that come over the bus or from storage, signals, another epoch.

#include <algorithm>

#include "broker/core/log.h"
#include "broker/core/topic_filter.h"

namespace parley {

void Log::work() { catch_up_.work(); }

// ---- filters

// A filter wants rooms that nobody here has loaded: which they are is not known before they say something.
void Log::add_interest(FollowerId follower, const std::string& filter) {
  pass_on_all();  // what was published before is not for the newcomer
  interest_.add(follower, filter);
  peers_.want_all(true);
}

void Log::remove_interest(FollowerId follower, const std::string& filter) {
  interest_.remove(follower, filter);
  peers_.want_all(!interest_.empty());
}

void Log::catch_up_with(std::vector<std::string> filters, UniqueFunction<void()> done) {
  if (!settings_.catch_up.replicated || filters.empty()) return done();
  catch_up_.sync([this, filters = std::move(filters), done = std::move(done)](const Result<Nothing>&) mutable {
    strangers_.when_loaded([this, filters = std::move(filters), done = std::move(done)]() mutable {
      const std::vector<LogRoomPtr> behind = catch_up_.behind([&](const LogRoom& room) {
        return std::any_of(filters.begin(), filters.end(),
                           [&](const std::string& filter) { return topic_matches(filter, room.info.name); });
      });
      if (behind.empty()) return done();
      auto last = std::make_shared<UniqueFunction<void()>>(std::move(done));
      auto missing = std::make_shared<std::size_t>(behind.size());
      for (const LogRoomPtr& room : behind) {
        catch_up_.refresh(room, [last, missing](const Result<Nothing>&) {
          if (--*missing == 0) (*last)();
        });
      }
    });
  });
}

// ---- what the others do

void Log::ready(const LogRoomPtr& room) {
  if (current(room)) hand_over({room});
}

void Log::overtaken(const LogRoomPtr& room, Seq floor) {
  if (!current(room)) return;
  room->info.floor = floor;
  room->tail.drop_below(floor);
  room->info.head = room->tail.head();
  tell_followers(*room, [&](Follower& follower) { follower.pruned(room->info.id, floor); });
}

void Log::on_entries(envelope::Entries entries) {
  const LogRoomPtr room = rooms_.find(entries.room);
  if (!room) return strangers_.heard_of(entries.room);
  for (const EntryPtr& entry : entries.entries) {
    counters_.remote_entries.add();
    note_effects(*room, *entry);
    catch_up_.add(room, entry);
  }
  hand_over({room});
}

void Log::on_signal(envelope::Signal from) {
  const LogRoomPtr room = rooms_.find(from.room);
  if (!room) return;
  auto signal = std::make_shared<Signal>();
  signal->room = from.room;
  signal->type = std::move(from.type);
  signal->user_id = std::move(from.user_id);
  signal->user_name = std::move(from.user_name);
  signal->body = std::move(from.body);
  signal->only_to = std::move(from.only_to);
  tell_signal(*room, signal, static_cast<FollowerId>(-1));
}

void Log::on_forward(envelope::Forward from) {
  const RoomId id = from.room;
  auto tell = [this, from = std::move(from)](const LogRoomPtr& room) {
    if (share_groups_ != nullptr) share_groups_->forwarded(*room, from.message, from.groups);
    pass_on(room, from.message);
  };
  if (const LogRoomPtr room = rooms_.find(id)) return tell(room);
  strangers_.find_wanted(id, std::move(tell));
}

void Log::on_client_moved(const envelope::ClientMoved& moved) {
  for (Follower* follower : followers_) {
    if (follower != nullptr) follower->client_moved(moved.client_id, moved.user_id);
  }
}

void Log::on_groups(const std::string& replica, const envelope::Groups& groups) {
  if (share_groups_ != nullptr) share_groups_->heard(replica, groups);
}

void Log::on_hello() {
  if (share_groups_ != nullptr) share_groups_->asked();
}

void Log::on_presence_changed(RoomId id) {
  if (const LogRoomPtr room = rooms_.find(id)) presence_.changed_elsewhere(room);
}

void Log::on_bus(bool connected) {
  catch_up_.set_bus(connected);
  if (!connected && share_groups_ != nullptr) share_groups_->bus_lost();
  if (!connected) return;
  // Our shares may have expired meanwhile, the others' may have changed.
  rooms_.for_each([](const LogRoomPtr& room) {
    room->presence.own_changed = room->presence.own_count() > 0 || room->presence.on_bus;
    room->presence.elsewhere_changed = true;
  });
}

// Ids, heads and bodies of the old log mean nothing in the new one: everything is forgotten, and who was subscribed is told.
void Log::epoch_changed() {
  counters_.epoch_changes.add();
  peers_.set_epoch(store_.epoch());
  batcher_.refuse_waiting({Code::unavailable, "the log was replaced by another one: try again"});
  rooms_.clear();
  strangers_.clear();
  for (Follower* follower : followers_) {
    if (follower != nullptr) follower->epoch_changed();
  }
}

}  // namespace parley
