#include "broker/core/log.h"

#include <algorithm>

namespace parley {

Log::Log(Store& store, const Clock& clock, LogSettings settings)
    : store_(store),
      clock_(clock),
      settings_(settings),
      rooms_(store, clock, settings.rooms),
      batcher_(store, clock, counters_, settings.batches,
               [this](std::vector<Pending>& batch, const std::vector<Result<Appended>>& results) { committed(batch, results); }) {
}

// ---- publishing

void Log::publish(SubjectPtr subject, Publish publish, Reply<Appended> done) {
  if (publish.body.size() > settings_.body_bytes) {
    done({Code::too_large, "the body is longer than " + std::to_string(settings_.body_bytes) + " bytes"});
    return;
  }
  const std::string name = publish.room;
  rooms_.with_room_or_new(
      subject, name, [this, subject, publish = std::move(publish), done = std::move(done)](Result<LogRoomPtr> found) mutable {
        if (!found) return done(found.error());
        const LogRoomPtr room = found.value();
        rooms_.with_role(room, subject->user_id,
                         [this, room, subject, publish = std::move(publish), done = std::move(done)](Result<Role> role) mutable {
                           if (!role) return done(role.error());
                           submit(room, role.value(), subject, std::move(publish), std::move(done));
                         });
      });
}

void Log::submit(const LogRoomPtr& room, Role role, const SubjectPtr& subject, Publish publish, Reply<Appended> done) {
  const RoomRights rights{room->info.visibility, role};
  Action action = Action::publish;
  bool own_only = false;
  switch (publish.type) {
    case EntryType::message:
    case EntryType::reaction:
      break;
    case EntryType::edit:
      action = Action::edit;
      own_only = true;
      break;
    case EntryType::remove:
      // A moderator removes anybody's message, everybody else only their own.
      own_only = !may(*subject, Action::remove_any, rights).ok();
      action = own_only ? Action::remove_own : Action::remove_any;
      break;
    case EntryType::pin:
      action = Action::pin;
      break;
    default:
      done({Code::bad_request, "entries of type \"" + std::string(to_string(publish.type)) + "\" are made by the server"});
      return;
  }
  if (Status status = may(*subject, action, rights); !status) {
    done(status.error());
    return;
  }
  NewEntry entry;
  entry.room = room->info.id;
  entry.type = publish.type;
  entry.payload = publish.payload;
  entry.target = publish.target;
  if (own_only) entry.target_author = subject->user_id;
  entry.user_id = subject->user_id;
  entry.user_name = subject->name;
  entry.cid = std::move(publish.cid);
  entry.body = std::move(publish.body);
  entry.content_type = std::move(publish.content_type);
  entry.properties = std::move(publish.properties);
  batcher_.submit({room, std::move(entry), std::move(done)});
}

// ---- what a commit brings

namespace {

EntryPtr make_entry(const NewEntry& from, const Appended& appended) {
  auto entry = std::make_shared<Entry>();
  entry->room = from.room;
  entry->seq = appended.seq;
  entry->ts = appended.ts;
  entry->type = from.type;
  entry->payload = from.payload;
  entry->target = from.target;
  entry->messages = appended.messages;
  entry->user_id = from.user_id;
  entry->user_name = from.user_name;
  entry->cid = from.cid;
  entry->body = from.body;
  entry->content_type = from.content_type;
  entry->properties = from.properties;
  return entry;
}

}  // namespace

void Log::committed(std::vector<Pending>& batch, const std::vector<Result<Appended>>& results) {
  std::vector<std::pair<LogRoomPtr, std::vector<EntryPtr>>> runs;
  std::unordered_map<RoomId, std::size_t> index;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!results[i] || results[i]->duplicate) continue;
    LogRoom& room = *batch[i].room;
    EntryPtr entry = make_entry(batch[i].entry, results[i].value());
    room.info.head = entry->seq;
    room.info.messages = entry->messages;
    room.info.last_ts = entry->ts;
    room.tail.push(entry);
    counters_.committed.add();
    const auto [at, fresh] = index.try_emplace(room.info.id, runs.size());
    if (fresh) runs.emplace_back(batch[i].room, std::vector<EntryPtr>());
    runs[at->second].second.push_back(std::move(entry));
  }
  std::vector<std::vector<Run>> per_follower(followers_.size());
  for (auto& [room, run] : runs) deliver(room, std::move(run), per_follower);
  for (std::size_t id = 0; id < followers_.size(); ++id) {
    if (followers_[id] != nullptr && !per_follower[id].empty()) followers_[id]->entries(std::move(per_follower[id]));
  }
  // Memberships and settings take effect after the entries that tell of them.
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (results[i] && !results[i]->duplicate) apply(*batch[i].room, batch[i].entry);
  }
}

void Log::deliver(const LogRoomPtr& room, std::vector<EntryPtr> run, std::vector<std::vector<Run>>& per_follower) {
  if (room->followers.empty()) return;
  const auto shared = std::make_shared<const std::vector<EntryPtr>>(std::move(run));
  for (const FollowerId id : room->followers) per_follower[id].push_back({room->info.id, shared});
}

void Log::apply(LogRoom& room, const NewEntry& entry) {
  if (entry.member) {
    const Role role = entry.member->role.value_or(Role::guest);
    rooms_.set_role(room, entry.member->user_id, role);
    tell_followers(room, [&](Follower& follower) { follower.rights_changed(room.info, entry.member->user_id, role); });
  }
  if (entry.settings) {
    if (entry.settings->title) room.info.title = *entry.settings->title;
    if (entry.settings->visibility) room.info.visibility = *entry.settings->visibility;
    if (entry.settings->keep) room.info.keep = *entry.settings->keep;
    tell_followers(room, [&](Follower& follower) { follower.rights_changed(room.info, {}, Role::guest); });
  }
}

void Log::tell_followers(const LogRoom& room, const std::function<void(Follower&)>& tell) {
  for (const FollowerId id : room.followers) {
    if (followers_[id] != nullptr) tell(*followers_[id]);
  }
}

// ---- subscribing

void Log::attach(FollowerId follower, SubjectPtr subject, Attach attach, Reply<Attached> done) {
  const std::string name = attach.room;
  rooms_.with_room_or_new(
      subject, name,
      [this, follower, subject, attach = std::move(attach), done = std::move(done)](Result<LogRoomPtr> found) mutable {
        if (!found) return done(found.error());
        const LogRoomPtr room = found.value();
        rooms_.with_role(
            room, subject->user_id,
            [this, follower, subject, room, attach = std::move(attach), done = std::move(done)](Result<Role> role) mutable {
              if (!role) return done(role.error());
              done(attach_now(follower, subject, room, role.value(), attach));
            });
      });
}

Result<Attached> Log::attach_now(FollowerId follower, const SubjectPtr& subject, const LogRoomPtr& room, Role role,
                                 const Attach& attach) {
  if (Status status = may(*subject, Action::read, {room->info.visibility, role}); !status) return status.error();
  if (follower >= followers_.size() || followers_[follower] == nullptr) return {Code::unavailable, "the worker is stopping"};
  Attached attached;
  attached.room = room->info;
  attached.epoch = store_.epoch();
  attached.role = role;
  attached.start = room->info.head;
  if (attach.has_since) {
    const bool same_epoch = attach.epoch.empty() || attach.epoch == attached.epoch;
    attached.recovered = same_epoch && attach.since <= room->info.head && attach.since + 1 >= room->info.floor;
    if (attached.recovered) attached.start = attach.since;
  }
  if (std::find(room->followers.begin(), room->followers.end(), follower) == room->followers.end()) {
    room->followers.push_back(follower);
    attached.tail = room->tail.copy();
  }
  room->presence.arrive(*subject);
  return attached;
}

void Log::detach(RoomId id, SubjectPtr subject) {
  if (const LogRoomPtr room = rooms_.find(id)) room->presence.depart(*subject);
}

void Log::unfollow(FollowerId follower, RoomId id) {
  if (const LogRoomPtr room = rooms_.find(id)) std::erase(room->followers, follower);
}

void Log::read(RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max, Reply<LogPage> done) {
  store_.read(room, after, entries_max, bytes_max, std::move(done));
}

FollowerId Log::add_follower(Follower& follower) {
  followers_.push_back(&follower);
  return static_cast<FollowerId>(followers_.size() - 1);
}

void Log::remove_follower(FollowerId follower) {
  followers_[follower] = nullptr;
  rooms_.for_each([follower](const LogRoomPtr& room) { std::erase(room->followers, follower); });
}

// ---- signals

void Log::signal(FollowerId from, SignalPtr signal) {
  if (const LogRoomPtr room = rooms_.find(signal->room)) tell_signal(*room, signal, from);
}

void Log::tell_signal(const LogRoom& room, const SignalPtr& signal, FollowerId except) {
  for (const FollowerId id : room.followers) {
    if (id != except && followers_[id] != nullptr) followers_[id]->signal(signal);
  }
}

void Log::revoke_login(const std::string& login) {
  for (Follower* follower : followers_) {
    if (follower != nullptr) follower->login_revoked(login);
  }
}

// ---- from time to time

void Log::tick() {
  batcher_.tick();
  counters_.rooms_loaded.set(static_cast<std::int64_t>(rooms_.loaded()));
  rooms_.for_each([this](const LogRoomPtr& room) {
    if (!room->watched) return;
    std::string body = room->presence.take_news(settings_.presence_names);
    if (body.empty()) return;
    auto signal = std::make_shared<Signal>();
    signal->room = room->info.id;
    signal->type = "presence";
    signal->body = std::move(body);
    signal->only_watchers = true;
    tell_signal(*room, signal, static_cast<FollowerId>(-1));
  });
  prune_step();
}

void Log::prune_step() {
  const Retention& retention = settings_.retention;
  if (pruning_ || (retention.entries_max == 0 && retention.age_max_ms == 0)) return;
  pruning_ = true;
  store_.prune(retention, clock_.unix_ms(), [this](Result<std::vector<Pruned>> pruned) {
    pruning_ = false;
    if (!pruned) return;
    if (!pruned->empty()) counters_.pruned_steps.add();
    for (const Pruned& step : pruned.value()) {
      const LogRoomPtr room = rooms_.find(step.room);
      if (!room) continue;
      room->info.floor = step.floor;
      room->tail.drop_below(step.floor);
      tell_followers(*room, [&](Follower& follower) { follower.pruned(step.room, step.floor); });
    }
  });
}

}  // namespace parley
