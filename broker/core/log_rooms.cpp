// The log's operations on rooms and members, as REST offers them.

#include <algorithm>

#include "broker/core/log.h"
#include "broker/protocol/json.h"

namespace parley {

namespace {

std::string member_body(const MemberChange& change) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().key("user").begin_object();
  writer.member("id", change.user_id).member("name", change.user_name).end_object();
  writer.member("role", to_string(change.role.value_or(Role::guest))).end_object();
  return body;
}

std::string settings_body(const RoomChange& change) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  if (change.title) writer.member("title", *change.title);
  if (change.visibility) writer.member("visibility", to_string(*change.visibility));
  if (change.keep) writer.member("keep", to_string(*change.keep));
  writer.end_object();
  return body;
}

}  // namespace

// Finds the room and the subject's role in it, asks may(), and goes on with both.
template <typename T>
void Log::with_rights(SubjectPtr subject, const std::string& name, Action action, Reply<T> done,
                      UniqueFunction<void(const LogRoomPtr&, Role, Reply<T>)> then) {
  rooms_.with_room(
      name, [this, subject, action, done = std::move(done), then = std::move(then)](Result<LogRoomPtr> found) mutable {
        if (!found) return done(found.error());
        const LogRoomPtr room = found.value();
        rooms_.with_role(room, subject->user_id,
                         [subject, action, room, done = std::move(done), then = std::move(then)](Result<Role> role) mutable {
                           if (!role) return done(role.error());
                           Status status = may(*subject, action, {room->info.visibility, role.value()});
                           if (!status) return done(status.error());
                           then(room, role.value(), std::move(done));
                         });
      });
}

void Log::append_change(const LogRoomPtr& room, const SubjectPtr& subject, EntryType type, std::string body,
                        std::optional<MemberChange> member, std::optional<RoomChange> settings, Reply<Appended> done) {
  NewEntry entry;
  entry.room = room->info.id;
  entry.type = type;
  entry.user_id = subject->user_id;
  entry.user_name = subject->name;
  entry.body = std::move(body);
  entry.member = std::move(member);
  entry.settings = std::move(settings);
  batcher_.submit({room, std::move(entry), std::move(done)});
}

void Log::view_after(const LogRoomPtr& room, const SubjectPtr& subject, Result<Appended> appended, Reply<RoomView> done) {
  if (!appended) return done(appended.error());
  store_.view_room(room->info.id, subject->user_id, std::move(done));
}

// ---- rooms

void Log::create_room(SubjectPtr subject, NewRoom fresh, Reply<RoomView> done) {
  const Action action = fresh.visibility == Visibility::open ? Action::create_public_room : Action::create_private_room;
  if (Status status = may(*subject, action, {}); !status) return done(status.error());
  if (fresh.title.size() > settings_.title_bytes) {
    return done({Code::too_large, "a title has at most " + std::to_string(settings_.title_bytes) + " bytes"});
  }
  fresh.owner_id.clear();
  fresh.owner_name.clear();
  if (!subject->guest) {
    fresh.owner_id = subject->user_id;
    fresh.owner_name = subject->name;
  }
  rooms_.create(fresh, [this, subject, done = std::move(done)](Result<LogRoomPtr> room) mutable {
    if (!room) return done(room.error());
    store_.view_room(room.value()->info.id, subject->user_id, std::move(done));
  });
}

void Log::configure_room(SubjectPtr subject, std::string name, RoomChange change, Reply<RoomView> done) {
  if (change.title && change.title->size() > settings_.title_bytes) {
    return done({Code::too_large, "a title has at most " + std::to_string(settings_.title_bytes) + " bytes"});
  }
  with_rights<RoomView>(subject, name, Action::configure, std::move(done),
                        [this, subject, change = std::move(change)](const LogRoomPtr& room, Role, Reply<RoomView> reply) mutable {
                          std::string body = settings_body(change);
                          append_change(room, subject, EntryType::room, std::move(body), std::nullopt, std::move(change),
                                        [this, room, subject, reply = std::move(reply)](Result<Appended> appended) mutable {
                                          view_after(room, subject, std::move(appended), std::move(reply));
                                        });
                        });
}

void Log::view_room(SubjectPtr subject, std::string name, Reply<RoomView> done) {
  with_rights<RoomView>(subject, name, Action::see, std::move(done),
                        [this, subject](const LogRoomPtr& room, Role, Reply<RoomView> reply) {
                          store_.view_room(room->info.id, subject->user_id, std::move(reply));
                        });
}

void Log::list_rooms(SubjectPtr subject, RoomsQuery query, Reply<std::vector<RoomView>> done) {
  query.user_id = subject->user_id;
  store_.list_rooms(std::move(query), std::move(done));
}

void Log::history(SubjectPtr subject, std::string name, HistoryQuery query, Reply<HistoryPage> done) {
  with_rights<HistoryPage>(
      subject, name, Action::read, std::move(done),
      [this, subject, query = std::move(query)](const LogRoomPtr& room, Role, Reply<HistoryPage> reply) mutable {
        query.room = room->info.id;
        query.viewer = subject->user_id;
        store_.history(std::move(query), std::move(reply));
      });
}

void Log::set_read(SubjectPtr subject, std::string name, Seq seq, Reply<ReadMark> done) {
  with_rights<ReadMark>(
      subject, name, Action::read, std::move(done), [this, subject, seq](const LogRoomPtr& room, Role, Reply<ReadMark> reply) {
        store_.set_read(
            room->info.id, subject->user_id, seq, [this, room, subject, reply = std::move(reply)](Result<ReadMark> mark) mutable {
              if (mark) {
                // The user's other devices learn of it.
                auto news = std::make_shared<Signal>();
                news->room = room->info.id;
                news->type = "read";
                news->user_id = subject->user_id;
                news->user_name = subject->name;
                news->only_to = subject->user_id;
                json::Writer(news->body).begin_object().member("seq", mark->seq).member("unread", mark->unread).end_object();
                spread_signal(*room, news, static_cast<FollowerId>(-1));
              }
              reply(std::move(mark));
            });
      });
}

void Log::presence(SubjectPtr subject, std::string name, Reply<Presence> done) {
  with_rights<Presence>(subject, name, Action::see, std::move(done),
                        [this](const LogRoomPtr& room, Role, Reply<Presence> reply) { presence_.ask(room, std::move(reply)); });
}

void Log::publish_signal(SubjectPtr subject, std::string name, std::string type, std::string body, Reply<Nothing> done) {
  with_rights<Nothing>(
      subject, name, Action::signal, std::move(done),
      [this, subject, type = std::move(type), body = std::move(body)](const LogRoomPtr& room, Role, Reply<Nothing> reply) {
        auto news = std::make_shared<Signal>();
        news->room = room->info.id;
        news->type = type;
        news->user_id = subject->user_id;
        news->user_name = subject->name;
        news->body = body;
        spread_signal(*room, news, static_cast<FollowerId>(-1));
        reply(Nothing{});
      });
}

// ---- members

void Log::join(SubjectPtr subject, std::string name, Reply<RoomView> done) {
  with_rights<RoomView>(
      subject, name, Action::join, std::move(done), [this, subject](const LogRoomPtr& room, Role role, Reply<RoomView> reply) {
        if (role >= Role::member) return store_.view_room(room->info.id, subject->user_id, std::move(reply));
        append_change(room, subject, EntryType::join, "{}", MemberChange{subject->user_id, subject->name, Role::member},
                      std::nullopt, [this, room, subject, reply = std::move(reply)](Result<Appended> appended) mutable {
                        view_after(room, subject, std::move(appended), std::move(reply));
                      });
      });
}

void Log::leave(SubjectPtr subject, std::string name, Reply<Nothing> done) {
  with_rights<Nothing>(
      subject, name, Action::leave, std::move(done), [this, subject](const LogRoomPtr& room, Role, Reply<Nothing> reply) {
        append_change(room, subject, EntryType::leave, "{}", MemberChange{subject->user_id, subject->name, std::nullopt},
                      std::nullopt, [reply = std::move(reply)](Result<Appended> appended) mutable {
                        if (!appended) return reply(appended.error());
                        reply(Nothing{});
                      });
      });
}

void Log::list_members(SubjectPtr subject, std::string name, std::string after, unsigned limit, Reply<std::vector<Member>> done) {
  with_rights<std::vector<Member>>(
      subject, name, Action::see, std::move(done),
      [this, after = std::move(after), limit](const LogRoomPtr& room, Role, Reply<std::vector<Member>> reply) {
        store_.list_members(room->info.id, after, limit, std::move(reply));
      });
}

// A user's id, or "@name"; answers a change without a role.
void Log::resolve_user(const std::string& user, Reply<MemberChange> done) {
  if (user.starts_with("g_")) return done(MemberChange{user, user, std::nullopt});
  auto found = [done = std::move(done)](Result<Account> account) mutable {
    if (!account) return done(account.error());
    done(MemberChange{account->id, account->name, std::nullopt});
  };
  if (user.starts_with('@')) {
    store_.find_account_by_name(user.substr(1), std::move(found));
  } else {
    store_.find_account(user, std::move(found));
  }
}

void Log::set_member(SubjectPtr subject, std::string name, MemberChange wanted, Reply<Member> done) {
  const Role role = wanted.role.value_or(Role::guest);
  if (role == Role::guest) return done({Code::bad_request, "a role is owner, moderator, member or banned"});
  const Action action = role == Role::member ? Action::invite : role == Role::banned ? Action::moderate : Action::promote;
  with_rights<Member>(
      subject, name, action, std::move(done),
      [this, subject, role, user = wanted.user_id](const LogRoomPtr& room, Role own, Reply<Member> reply) {
        resolve_user(user, [this, subject, room, own, role, reply = std::move(reply)](Result<MemberChange> change) mutable {
          if (!change) return reply(change.error());
          change->role = role;
          change_member(room, own, subject, std::move(change).value(), std::move(reply));
        });
      });
}

void Log::remove_member(SubjectPtr subject, std::string name, std::string user, Reply<Nothing> done) {
  with_rights<Nothing>(
      subject, name, Action::moderate, std::move(done),
      [this, subject, user = std::move(user)](const LogRoomPtr& room, Role own, Reply<Nothing> reply) {
        resolve_user(user, [this, subject, room, own, reply = std::move(reply)](Result<MemberChange> change) mutable {
          if (!change) return reply(change.error());
          change_member(room, own, subject, std::move(change).value(), [reply = std::move(reply)](Result<Member> member) mutable {
            if (!member) return reply(member.error());
            reply(Nothing{});
          });
        });
      });
}

// The second half of set_member and remove_member: what the target is now decides whether it may be changed.
void Log::change_member(const LogRoomPtr& room, Role own, const SubjectPtr& subject, MemberChange change, Reply<Member> done) {
  rooms_.with_role(room, change.user_id, [this, room, own, subject, change, done = std::move(done)](Result<Role> now) mutable {
    if (!now) return done(now.error());
    const Role wanted = change.role.value_or(Role::guest);
    if (*now == wanted) {
      if (wanted == Role::guest) return done({Code::not_found, "this user is not a member"});
      return done(Member{change.user_id, change.user_name, wanted, clock_.unix_ms()});
    }
    if (*now == Role::banned && own < Role::moderator) return done({Code::forbidden, "only moderators and the owner lift a ban"});
    const bool invited = wanted == Role::member && *now == Role::guest;
    const bool self_demotion = change.user_id == subject->user_id && own == Role::owner;
    if (!invited && !self_demotion && *now >= own) return done({Code::forbidden, "you may only change members below yourself"});
    if (*now != Role::owner) return commit_member(room, subject, std::move(change), std::move(done));
    keep_an_owner(room, change.user_id, [this, room, subject, change, done = std::move(done)](Result<Nothing> kept) mutable {
      if (!kept) return done(kept.error());
      commit_member(room, subject, std::move(change), std::move(done));
    });
  });
}

// conflict when the user is the only owner.
void Log::keep_an_owner(const LogRoomPtr& room, const std::string& user_id, Reply<Nothing> done) {
  constexpr unsigned members_asked = 10000;
  store_.list_members(room->info.id, {}, members_asked,
                      [user_id, done = std::move(done)](Result<std::vector<Member>> members) mutable {
                        if (!members) return done(members.error());
                        const bool another = std::any_of(members->begin(), members->end(), [&](const Member& member) {
                          return member.role == Role::owner && member.user_id != user_id;
                        });
                        if (!another)
                          return done({Code::conflict, "the last owner cannot step down: make somebody else owner first"});
                        done(Nothing{});
                      });
}

void Log::commit_member(const LogRoomPtr& room, const SubjectPtr& subject, MemberChange change, Reply<Member> done) {
  append_change(room, subject, EntryType::member, member_body(change), change, std::nullopt,
                [change, done = std::move(done)](Result<Appended> appended) mutable {
                  if (!appended) return done(appended.error());
                  done(Member{change.user_id, change.user_name, change.role.value_or(Role::guest), appended->ts});
                });
}

}  // namespace parley
