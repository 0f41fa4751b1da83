#include "broker/core/log.h"

#include <algorithm>

#include "broker/core/entry_effects.h"

namespace parley {

namespace {
// Of messages that are not kept, handed over in one piece: it is joined into one write.
constexpr std::size_t run_bytes_max = 64U << 10U;
constexpr std::size_t run_messages_max = 64;
}  // namespace

Log::Log(Store& store, const Clock& clock, LogSettings settings, cluster::Bus* bus)
    : store_(store),
      clock_(clock),
      settings_(std::move(settings)),
      interest_(settings_.hash_key),
      rooms_(store, clock, settings_.rooms),
      batcher_(store, clock, counters_, settings_.batches,
               [this](std::vector<Pending>& batch, const std::vector<Result<Appended>>& results) { committed(batch, results); }),
      catch_up_(store, clock, rooms_, counters_, settings_.catch_up, *this),
      strangers_(store, rooms_, catch_up_, interest_),
      peers_(bus, clock, counters_, settings_.peers, *this),
      presence_(peers_, clock, settings_.presence, [this](const LogRoomPtr& room, std::string body) {
        auto signal = std::make_shared<Signal>();
        signal->room = room->info.id;
        signal->type = "presence";
        signal->body = std::move(body);
        signal->only_watchers = true;
        tell_signal(*room, signal, static_cast<FollowerId>(-1));
      }) {
  peers_.set_epoch(store.epoch());
  rooms_.watch(
      [this](const LogRoomPtr& room) {
        peers_.want(room->info.id);
        catch_up_.verify(room);
      },
      [this](const LogRoomPtr& room) {
        peers_.unwant(room->info.id);
        strangers_.dropped(*room);
      });
  if (settings_.catch_up.replicated) {
    rooms_.settle_with([this](RoomInfo room, Reply<RoomInfo> done) { strangers_.settle(std::move(room), std::move(done)); });
  }
}

// ---- publishing

void Log::publish(SubjectPtr subject, Publish publish, Reply<Appended> done) {
  const std::size_t bytes_max = publish.properties.empty() ? settings_.body_bytes : settings_.mqtt_body_bytes;
  if (publish.body.size() > bytes_max) {
    done({Code::too_large, "the body is longer than " + std::to_string(bytes_max) + " bytes"});
    return;
  }
  const std::string name = publish.room;
  const Keep keep = publish.keep;
  rooms_.with_room_or_new(
      subject, name, keep,
      [this, subject, publish = std::move(publish), done = std::move(done)](Result<LogRoomPtr> found) mutable {
        if (!found) return done(found.error());
        const LogRoomPtr room = found.value();
        rooms_.with_role(
            room, subject->user_id,
            [this, room, subject, publish = std::move(publish), done = std::move(done)](Result<Role> role) mutable {
              if (!role) return done(role.error());
              if (std::find(room->attaching.begin(), room->attaching.end(), subject->user_id) == room->attaching.end())
                return submit(room, role.value(), subject, std::move(publish), std::move(done));
              // Behind the subject's own attach, which waits for the same look at storage.
              catch_up_.refresh(room, [this, room, role = *role, subject, publish = std::move(publish),
                                       done = std::move(done)](const Result<Nothing>&) mutable {
                submit(room, role, subject, std::move(publish), std::move(done));
              });
            });
      });
}

void Log::submit(const LogRoomPtr& room, Role role, const SubjectPtr& subject, Publish publish, Reply<Appended> done) {
  if (!current(room)) return done({Code::unavailable, "the log was replaced by another one a moment ago: try again"});
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
  entry.retain = publish.retain;
  entry.inbound = publish.inbound;
  entry.will = publish.will;
  if (publish.expires_s != 0) entry.expires = clock_.unix_ms() + UnixMs{publish.expires_s} * 1000;
  if (publish.fire_and_forget && room->info.keep == Keep::acked) {
    forward_message(room, std::move(entry));
    return done(Appended{});
  }
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
  entry->expires = from.expires;
  return entry;
}

}  // namespace

void Log::forward_message(const LogRoomPtr& room, NewEntry entry) {
  Appended unnumbered;
  unnumbered.ts = clock_.unix_ms();
  const EntryPtr message = make_entry(entry, unnumbered);
  std::vector<envelope::GroupChoice> groups;
  if (share_groups_ != nullptr) groups = share_groups_->published(*room, message);
  peers_.send_forward(room->info.id, message, std::move(groups));
  pass_on(room, message);
}

template <typename F>
void Log::for_each_listener(LogRoom& room, F f) {
  if (room.interested_as_of != interest_.generation()) {
    interest_.match(room.info.name, room.interested);
    room.interested_as_of = interest_.generation();
  }
  for (const FollowerId id : room.followers) f(id);
  for (const FollowerId id : room.interested) {
    if (std::find(room.followers.begin(), room.followers.end(), id) == room.followers.end()) f(id);
  }
}

// A message that is not kept goes on with the others of its turn: then a subscriber gets them in one piece.
void Log::pass_on(const LogRoomPtr& room, EntryPtr message) {
  if (room->messages.empty()) passing_.push_back(room);
  room->message_bytes += message->footprint();
  room->messages.push_back(std::move(message));
  if (!settings_.batches.turns || room->message_bytes >= run_bytes_max || room->messages.size() >= run_messages_max)
    pass_on_all();
}

void Log::pass_on_all() {
  if (passing_.empty()) return;
  std::vector<std::vector<Run>> per_follower(followers_.size());
  for (const LogRoomPtr& room : passing_) {
    std::vector<EntryPtr> run;
    run.swap(room->messages);
    room->message_bytes = 0;
    if (current(room)) deliver(room, std::move(run), per_follower);
  }
  passing_.clear();
  for (std::size_t id = 0; id < followers_.size(); ++id) {
    if (followers_[id] != nullptr && !per_follower[id].empty()) followers_[id]->messages(std::move(per_follower[id]));
  }
}

void Log::end_turn() {
  pass_on_all();
  batcher_.end_turn();
}

void Log::committed(std::vector<Pending>& batch, const std::vector<Result<Appended>>& results) {
  std::vector<LogRoomPtr> rooms;
  std::vector<std::vector<EntryPtr>> entries;
  std::unordered_map<RoomId, std::size_t> index;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (!results[i] || results[i]->duplicate) continue;
    counters_.committed.add();
    const LogRoomPtr& room = batch[i].room;
    if (!current(room)) continue;  // of a log that is no more
    EntryPtr entry = make_entry(batch[i].entry, results[i].value());
    note_effects(*room, *entry);
    catch_up_.add(room, entry);
    keep_retained(*room, batch[i].entry, entry);
    const auto [at, fresh] = index.try_emplace(room->info.id, rooms.size());
    if (fresh) {
      rooms.push_back(room);
      entries.emplace_back();
    }
    entries[at->second].push_back(std::move(entry));
  }
  for (std::size_t i = 0; i < rooms.size(); ++i) peers_.send_entries(rooms[i]->info.id, entries[i]);
  hand_over(rooms);
}

void Log::hand_over(const std::vector<LogRoomPtr>& rooms) {
  std::vector<std::vector<EntryPtr>> runs;
  std::vector<std::vector<Run>> per_follower(followers_.size());
  for (const LogRoomPtr& room : rooms) {
    runs.push_back(catch_up_.take(room));
    for (const EntryPtr& entry : runs.back()) note_effects(*room, *entry);
    if (!runs.back().empty()) deliver(room, runs.back(), per_follower);
  }
  for (std::size_t id = 0; id < followers_.size(); ++id) {
    if (followers_[id] != nullptr && !per_follower[id].empty()) followers_[id]->entries(std::move(per_follower[id]));
  }
  // Memberships and settings take effect after the entries that tell of them.
  for (std::size_t i = 0; i < rooms.size(); ++i) tell_effects(*rooms[i], runs[i]);
}

void Log::deliver(const LogRoomPtr& room, std::vector<EntryPtr> run, std::vector<std::vector<Run>>& per_follower) {
  std::shared_ptr<const std::vector<EntryPtr>> shared;
  for_each_listener(*room, [&](FollowerId id) {
    if (!shared) shared = std::make_shared<const std::vector<EntryPtr>>(std::move(run));
    per_follower[id].push_back({room->info.id, room->name, shared});
  });
}

// What this replica itself knows of roles and settings from now on, whoever committed the change.
void Log::note_effects(LogRoom& room, const Entry& entry) {
  if (const auto change = member_change_of(entry)) {
    rooms_.set_role(room, change->user_id, change->role.value_or(Role::guest), entry.seq);
  }
  const auto change = room_change_of(entry);
  if (!change || entry.seq < room.settings_seq) return;
  room.settings_seq = entry.seq;
  if (change->title) room.info.title = *change->title;
  if (change->visibility) room.info.visibility = *change->visibility;
  if (change->keep) room.info.keep = *change->keep;
}

void Log::tell_effects(LogRoom& room, const std::vector<EntryPtr>& run) {
  for (const EntryPtr& entry : run) {
    if (const auto change = member_change_of(*entry)) {
      const auto known = room.roles.find(change->user_id);
      const Role role = known == room.roles.end() ? change->role.value_or(Role::guest) : known->second.role;
      tell_followers(room, [&](Follower& follower) { follower.rights_changed(room.info, change->user_id, role); });
    } else if (entry->type == EntryType::room) {
      tell_followers(room, [&](Follower& follower) { follower.rights_changed(room.info, {}, Role::guest); });
    }
  }
}

void Log::tell_followers(LogRoom& room, const std::function<void(Follower&)>& tell) {
  for_each_listener(room, [&](FollowerId id) {
    if (followers_[id] != nullptr) tell(*followers_[id]);
  });
}

// ---- subscribing

void Log::attach(FollowerId follower, SubjectPtr subject, Attach attach, Reply<Attached> done) {
  const std::string name = attach.room;
  const bool create = attach.create;
  auto go_on = [this, follower, subject, attach = std::move(attach), done = std::move(done)](Result<LogRoomPtr> found) mutable {
    if (!found) return done(found.error());
    const LogRoomPtr room = found.value();
    rooms_.with_role(
        room, subject->user_id,
        [this, follower, subject, room, attach = std::move(attach), done = std::move(done)](Result<Role> role) mutable {
          if (!role) return done(role.error());
          const bool ahead = attach.has_since && attach.since > room->info.head;
          const bool fresh = room->followers.empty() || !room->attaching.empty();
          if (settings_.catch_up.replicated && (ahead || fresh))
            return attach_later(follower, subject, room, std::move(attach), std::move(done));
          done(attach_now(follower, subject, room, role.value(), attach));
        });
  };
  if (create) {
    rooms_.with_room_or_new(subject, name, Keep::all, std::move(go_on));
  } else {
    rooms_.with_room(name, std::move(go_on));
  }
}

void Log::find_readable(SubjectPtr subject, const std::string& name, Reply<Attached> done) {
  rooms_.with_room(name, [this, subject, done = std::move(done)](Result<LogRoomPtr> found) mutable {
    if (!found) return done(found.error());
    const LogRoomPtr room = found.value();
    rooms_.with_role(room, subject->user_id, [this, subject, room, done = std::move(done)](Result<Role> role) mutable {
      if (!role) return done(role.error());
      if (Status status = may(*subject, Action::read, {room->info.visibility, role.value()}); !status)
        return done(status.error());
      Attached attached;
      attached.room = room->info;
      attached.epoch = store_.epoch();
      attached.role = role.value();
      attached.start = room->info.head;
      done(std::move(attached));
    });
  });
}

// Looks at storage first: a fresh interest knows an old head, and a client that comes from another replica may be ahead of ours.
void Log::attach_later(FollowerId follower, const SubjectPtr& subject, const LogRoomPtr& room, Attach attach,
                       Reply<Attached> done) {
  room->attaching.push_back(subject->user_id);
  catch_up_.refresh(room, [this, follower, subject, room, attach = std::move(attach),
                           done = std::move(done)](const Result<Nothing>& looked) mutable {
    room->attaching.erase(std::find(room->attaching.begin(), room->attaching.end(), subject->user_id));
    if (!current(room)) return this->attach(follower, subject, std::move(attach), std::move(done));
    const bool ahead = attach.has_since && attach.since > room->info.head;
    if (!looked && ahead) return done(looked.error());
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
  pass_on_all();  // what was published before is not for the newcomer
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
  if (attach.present) room->presence.arrive(*subject);
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
  interest_.remove_all(follower);
  peers_.want_all(!interest_.empty());
  rooms_.for_each([follower](const LogRoomPtr& room) { std::erase(room->followers, follower); });
}

// ---- signals

void Log::signal(FollowerId from, SignalPtr signal) {
  if (const LogRoomPtr room = rooms_.find(signal->room)) spread_signal(*room, signal, from);
}

void Log::spread_signal(LogRoom& room, const SignalPtr& signal, FollowerId except) {
  tell_signal(room, signal, except);
  peers_.send_signal(*signal);
}

void Log::tell_signal(LogRoom& room, const SignalPtr& signal, FollowerId except) {
  // Those who are there by a filter alone get messages, and nothing else.
  for (const FollowerId id : room.followers) {
    if (id != except && followers_[id] != nullptr) followers_[id]->signal(signal);
  }
}

void Log::revoke_login(const std::string& login) {
  on_login_revoked(login);
  peers_.send_login_revoked(login);
}

void Log::on_login_revoked(const std::string& login) {
  for (Follower* follower : followers_) {
    if (follower != nullptr) follower->login_revoked(login);
  }
}

// ---- from time to time

void Log::tick() {
  batcher_.tick();
  counters_.rooms_loaded.set(static_cast<std::int64_t>(rooms_.loaded()));
  counters_.gaps.set(static_cast<std::int64_t>(catch_up_.gaps()));
  rooms_.for_each([this](const LogRoomPtr& room) { presence_.tick(room); });
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
      if (step.floor > room->tail.head() + 1) {
        overtaken(room, step.floor);
        hand_over({room});
        continue;
      }
      room->info.floor = step.floor;
      room->tail.drop_below(step.floor);
      tell_followers(*room, [&](Follower& follower) { follower.pruned(step.room, step.floor); });
    }
  });
}

}  // namespace parley
