#include "broker/core/room_table.h"

#include <algorithm>

#include "broker/core/topics.h"

namespace parley {

void RoomTable::with_room(const std::string& name, Reply<LogRoomPtr> done) { ask(name, {nullptr, Keep::all, std::move(done)}); }

void RoomTable::with_room_or_new(const SubjectPtr& subject, const std::string& name, Keep keep, Reply<LogRoomPtr> done) {
  ask(name, {settings_.auto_create ? subject : nullptr, keep, std::move(done)});
}

void RoomTable::ask(const std::string& name, Waiter waiter) {
  // Those who wait go first, even when the room has come by another way meanwhile.
  if (const auto waiting = lookups_.find(name); waiting != lookups_.end()) {
    waiting->second.push_back(std::move(waiter));
    return;
  }
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    waiter.done(found->second);
    return;
  }
  if (Status status = check_room_name(name, settings_.name_bytes, settings_.name_levels); !status) {
    waiter.done(status.error());
    return;
  }
  lookups_[name].push_back(std::move(waiter));
  look_up(name);
}

void RoomTable::look_up(const std::string& name) {
  store_.find_room(name, [this, name](Result<RoomInfo> info) { loaded_room(name, std::move(info)); });
}

void RoomTable::loaded_room(const std::string& name, Result<RoomInfo> info) {
  if (!info && info.error().code == Code::not_found) return create_for_waiters(name);
  take_up(std::move(info), [this, name](const Result<LogRoomPtr>& room) { answer(name, room); });
}

void RoomTable::take_up(Result<RoomInfo> info, Reply<LogRoomPtr> done) {
  if (!info) return done(info.error());
  if (LogRoomPtr known = find(info->id)) return done(std::move(known));
  if (!settle_) return done(adopt(std::move(info).value()));
  settle_(std::move(info).value(), [this, done = std::move(done)](Result<RoomInfo> settled) mutable {
    if (!settled) return done(settled.error());
    done(adopt(std::move(settled).value()));
  });
}

// The room does not exist: it is made for the first who wants it made and may; the others get it then. Nobody does: not_found.
void RoomTable::create_for_waiters(const std::string& name) {
  std::vector<Waiter>& waiting = lookups_.at(name);
  const auto first = std::find_if(waiting.begin(), waiting.end(), [](const Waiter& waiter) {
    return waiter.creator != nullptr && may(*waiter.creator, Action::create_public_room, {}).ok();
  });
  if (first == waiting.end()) {
    auto refused = std::find_if(waiting.begin(), waiting.end(), [](const Waiter& waiter) { return waiter.creator != nullptr; });
    if (refused == waiting.end()) return answer(name, Error{Code::not_found, "there is no such room"});
    return answer(name, may(*refused->creator, Action::create_public_room, {}).error());
  }
  NewRoom fresh;
  fresh.name = name;
  fresh.keep = first->keep;
  if (!first->creator->guest) {
    fresh.owner_id = first->creator->user_id;
    fresh.owner_name = first->creator->name;
  }
  store_.create_room(fresh, clock_.unix_ms(), [this, name](Result<RoomInfo> info) {
    // Somebody else was faster: then it is there.
    if (!info && info.error().code == Code::conflict) return look_up(name);
    take_up(std::move(info), [this, name](const Result<LogRoomPtr>& room) { answer(name, room); });
  });
}

void RoomTable::answer(const std::string& name, const Result<LogRoomPtr>& room) {
  auto waiting = lookups_.extract(name);
  for (Waiter& waiter : waiting.mapped()) waiter.done(room);
}

void RoomTable::create(const NewRoom& room, Reply<LogRoomPtr> done) {
  if (Status status = check_room_name(room.name, settings_.name_bytes, settings_.name_levels); !status) {
    done(status.error());
    return;
  }
  store_.create_room(room, clock_.unix_ms(), [this, done = std::move(done)](Result<RoomInfo> info) mutable {
    take_up(std::move(info), std::move(done));
  });
}

LogRoomPtr RoomTable::find(RoomId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

// A look-up and a creation may both bring the room; the first one stays, since the log counts on it from then on.
LogRoomPtr RoomTable::adopt(RoomInfo info) {
  if (LogRoomPtr known = find(info.id)) return known;
  auto room = std::make_shared<LogRoom>(std::move(info), settings_.tail_entries, settings_.tail_bytes);
  by_name_[room->info.name] = room;
  by_id_[room->info.id] = room;
  if (on_loaded_) on_loaded_(room);
  if (by_id_.size() > settings_.cached) evict();
  return room;
}

// Lets go of the rooms that nobody follows and no operation holds. Rare, and it clears many at once.
void RoomTable::evict() {
  for (auto it = by_id_.begin(); it != by_id_.end();) {
    const LogRoomPtr& room = it->second;
    const bool idle = room->followers.empty() && room->role_waiters.empty() && room.use_count() == 2;
    if (idle) {
      if (on_dropped_) on_dropped_(room);
      by_name_.erase(room->info.name);
      it = by_id_.erase(it);
    } else {
      ++it;
    }
  }
}

void RoomTable::clear() {
  std::unordered_map<RoomId, LogRoomPtr> gone;
  gone.swap(by_id_);
  by_name_.clear();
  if (!on_dropped_) return;
  for (const auto& [id, room] : gone) on_dropped_(room);
}

void RoomTable::with_role(const LogRoomPtr& room, const std::string& user_id, Reply<Role> done) {
  const auto waiting = room->role_waiters.find(user_id);
  const auto role_known = room->roles.find(user_id);
  if (waiting == room->role_waiters.end() && role_known != room->roles.end()) {
    done(role_known->second.role);
    return;
  }
  std::vector<Reply<Role>>& line = room->role_waiters[user_id];
  line.push_back(std::move(done));
  if (line.size() > 1) return;
  store_.find_member(room->info.id, user_id, [this, room, user_id](Result<Member> member) {
    Result<Role> role = Role::guest;
    if (member) {
      role = member->role;
    } else if (member.error().code != Code::not_found) {
      role = member.error();
    }
    // A change that was committed while storage answered is the newer knowledge.
    if (const auto known = room->roles.find(user_id); known != room->roles.end()) {
      role = known->second.role;
    } else if (role) {
      set_role(*room, user_id, role.value(), 0);
    }
    auto answered = room->role_waiters.extract(user_id);
    for (Reply<Role>& waiter : answered.mapped()) waiter(role);
  });
}

void RoomTable::set_role(LogRoom& room, const std::string& user_id, Role role, Seq seq) {
  if (room.roles.size() >= settings_.roles_cached && !room.roles.contains(user_id)) room.roles.clear();
  KnownRole& known = room.roles[user_id];
  if (seq >= known.seq) known = {role, seq};
}

}  // namespace parley
