#include "broker/core/room_table.h"

#include "broker/core/topics.h"

namespace parley {

void RoomTable::with_room(const std::string& name, Reply<LogRoomPtr> done) {
  if (const auto found = by_name_.find(name); found != by_name_.end()) {
    done(found->second);
    return;
  }
  if (Status status = check_room_name(name, settings_.name_bytes, settings_.name_levels); !status) {
    done(status.error());
    return;
  }
  Lookup& lookup = lookups_[name];
  lookup.waiters.push_back(std::move(done));
  if (lookup.waiters.size() > 1) return;
  store_.find_room(name, [this, name](Result<RoomInfo> info) { loaded_room(name, std::move(info)); });
}

void RoomTable::with_room_or_new(const SubjectPtr& subject, const std::string& name, Reply<LogRoomPtr> done) {
  with_room(name, [this, subject, name, done = std::move(done)](Result<LogRoomPtr> room) mutable {
    if (room || room.error().code != Code::not_found || !settings_.auto_create) {
      done(std::move(room));
      return;
    }
    if (Status status = may(*subject, Action::create_public_room, {}); !status) {
      done(status.error());
      return;
    }
    NewRoom fresh;
    fresh.name = name;
    if (!subject->guest) {
      fresh.owner_id = subject->user_id;
      fresh.owner_name = subject->name;
    }
    create(fresh, [this, name, done = std::move(done)](Result<LogRoomPtr> created) mutable {
      // Somebody else was faster: then it is there.
      if (!created && created.error().code == Code::conflict) {
        with_room(name, std::move(done));
      } else {
        done(std::move(created));
      }
    });
  });
}

void RoomTable::create(const NewRoom& room, Reply<LogRoomPtr> done) {
  if (Status status = check_room_name(room.name, settings_.name_bytes, settings_.name_levels); !status) {
    done(status.error());
    return;
  }
  store_.create_room(room, clock_.unix_ms(), [this, done = std::move(done)](Result<RoomInfo> info) mutable {
    if (info) {
      done(adopt(std::move(info).value()));
    } else {
      done(info.error());
    }
  });
}

LogRoomPtr RoomTable::find(RoomId id) const {
  const auto found = by_id_.find(id);
  return found == by_id_.end() ? nullptr : found->second;
}

void RoomTable::loaded_room(const std::string& name, Result<RoomInfo> info) {
  auto waiting = lookups_.extract(name);
  Result<LogRoomPtr> room = info ? Result<LogRoomPtr>(adopt(std::move(info).value())) : Result<LogRoomPtr>(info.error());
  for (Reply<LogRoomPtr>& waiter : waiting.mapped().waiters) waiter(room);
}

// A look-up and a creation may both bring the room; the first one stays, since the log counts on it from then on.
LogRoomPtr RoomTable::adopt(RoomInfo info) {
  if (LogRoomPtr known = find(info.id)) return known;
  auto room = std::make_shared<LogRoom>(std::move(info), settings_.tail_entries, settings_.tail_bytes);
  by_name_[room->info.name] = room;
  by_id_[room->info.id] = room;
  if (by_id_.size() > settings_.cached) evict();
  return room;
}

// Lets go of the rooms that nobody follows and no operation holds. Rare, and it clears many at once.
void RoomTable::evict() {
  for (auto it = by_id_.begin(); it != by_id_.end();) {
    const LogRoomPtr& room = it->second;
    const bool idle = room->followers.empty() && room->role_waiters.empty() && room.use_count() == 2;
    if (idle) {
      by_name_.erase(room->info.name);
      it = by_id_.erase(it);
    } else {
      ++it;
    }
  }
}

void RoomTable::with_role(const LogRoomPtr& room, const std::string& user_id, Reply<Role> done) {
  if (const auto known = room->roles.find(user_id); known != room->roles.end()) {
    done(known->second);
    return;
  }
  std::vector<Reply<Role>>& waiters = room->role_waiters[user_id];
  waiters.push_back(std::move(done));
  if (waiters.size() > 1) return;
  store_.find_member(room->info.id, user_id, [this, room, user_id](Result<Member> member) {
    Result<Role> role = Role::guest;
    if (member) {
      role = member->role;
    } else if (member.error().code != Code::not_found) {
      role = member.error();
    }
    // A change that was committed while storage answered is the newer knowledge.
    if (const auto known = room->roles.find(user_id); known != room->roles.end()) {
      role = known->second;
    } else if (role) {
      set_role(*room, user_id, role.value());
    }
    auto waiting = room->role_waiters.extract(user_id);
    for (Reply<Role>& waiter : waiting.mapped()) waiter(role);
  });
}

void RoomTable::set_role(LogRoom& room, const std::string& user_id, Role role) {
  if (room.roles.size() >= settings_.roles_cached) room.roles.clear();
  room.roles[user_id] = role;
}

}  // namespace parley
