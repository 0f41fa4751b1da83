#include "storage/sqlite/effects.h"

#include "storage/reaction.h"
#include "storage/sqlite/retained.h"

namespace parley::sqlite {

namespace {

void edit(Connection& connection, const NewEntry& entry) {
  Query(connection, "UPDATE entries SET payload=?, body=?, content_type=?, properties=?, flags=flags|1 WHERE room=? AND seq=?",
        static_cast<int>(entry.payload), entry.body, Nullable{entry.content_type}, Nullable{entry.properties}, entry.room,
        entry.target)
      .run();
  edit_retained(connection, entry);
}

// Deleted means gone: the message, what its edits brought, and the fingerprints that could confirm a guess.
void remove(Connection& connection, const NewEntry& entry) {
  Query(connection,
        "UPDATE entries SET body=x'', content_type=NULL, properties=NULL, fingerprint=NULL, flags=flags|2 WHERE room=? AND seq=?",
        entry.room, entry.target)
      .run();
  Query(connection,
        "UPDATE entries SET body=x'', content_type=NULL, properties=NULL, fingerprint=NULL, flags=flags|2 "
        "WHERE room=? AND target=? AND type=2",
        entry.room, entry.target)
      .run();
  Query(connection, "DELETE FROM reactions WHERE room=? AND target=?", entry.room, entry.target).run();
  remove_retained(connection, entry.room, entry.target);
}

void react(Connection& connection, const NewEntry& entry, Seq seq) {
  auto state = parse_reaction(entry.body);
  if (!state.ok()) return;  // check_effects has refused it
  if (state->on) {
    Query(connection,
          "INSERT INTO reactions(room, target, key, user_id, user_name, seq) VALUES(?,?,?,?,?,?) ON CONFLICT DO NOTHING",
          entry.room, entry.target, state->key, entry.user_id, entry.user_name, seq)
        .run();
  } else {
    Query(connection, "DELETE FROM reactions WHERE room=? AND target=? AND key=? AND user_id=?", entry.room, entry.target,
          state->key, entry.user_id)
        .run();
  }
}

void change_settings(Connection& connection, RoomId room, const RoomChange& change) {
  if (change.title) Query(connection, "UPDATE rooms SET title=? WHERE id=?", *change.title, room).run();
  if (change.visibility) {
    Query(connection, "UPDATE rooms SET visibility=? WHERE id=?", static_cast<int>(*change.visibility), room).run();
  }
  if (change.keep) Query(connection, "UPDATE rooms SET keep=? WHERE id=?", static_cast<int>(*change.keep), room).run();
}

Status check_target(Connection& connection, const NewEntry& entry) {
  Query query(connection, "SELECT type, flags, user_id FROM entries WHERE room=? AND seq=?", entry.room, entry.target);
  const bool live =
      query.row() && query.integer(0) == static_cast<int>(EntryType::message) && (query.integer(1) & flag_deleted) == 0;
  if (!live) return {Code::not_found, "no such message"};
  if (!entry.target_author.empty() && query.view(2) != entry.target_author) {
    return {Code::forbidden, "the message is another user's"};
  }
  return ok_status();
}

}  // namespace

bool has_target(EntryType type) {
  return type == EntryType::edit || type == EntryType::remove || type == EntryType::reaction || type == EntryType::pin;
}

bool has_effects(const NewEntry& entry) { return has_target(entry.type) || entry.member || entry.settings; }

Status check_effects(Connection& connection, const NewEntry& entry) {
  if (has_target(entry.type)) {
    if (auto status = check_target(connection, entry); !status.ok()) return status;
  }
  if (entry.type == EntryType::reaction) {
    if (auto state = parse_reaction(entry.body); !state.ok()) return state.error();
  }
  if (entry.member && entry.member->role == Role::guest) return {Code::bad_request, "a guest is not a member"};
  return ok_status();
}

void apply_effects(Connection& connection, const NewEntry& entry, Seq seq, UnixMs ts) {
  if (entry.type == EntryType::edit) edit(connection, entry);
  if (entry.type == EntryType::remove) remove(connection, entry);
  if (entry.type == EntryType::reaction) react(connection, entry, seq);
  if (entry.member) change_member(connection, entry.room, *entry.member, ts);
  if (entry.settings) change_settings(connection, entry.room, *entry.settings);
}

void change_member(Connection& connection, RoomId room, const MemberChange& change, UnixMs ts) {
  const int banned = static_cast<int>(Role::banned);
  int before = 0;  // no role
  {
    Query query(connection, "SELECT role FROM members WHERE room=? AND user_id=?", room, change.user_id);
    if (query.row()) before = static_cast<int>(query.integer(0));
  }
  const int after = change.role ? static_cast<int>(*change.role) : 0;
  if (after == 0) {
    Query(connection, "DELETE FROM members WHERE room=? AND user_id=?", room, change.user_id).run();
  } else {
    Query(connection,
          "INSERT INTO members(room, user_id, user_name, role, joined) VALUES(?1,?2,?3,?4,?5) ON CONFLICT DO UPDATE SET "
          "user_name=?3, joined=CASE WHEN role=1 AND ?4<>1 THEN ?5 ELSE joined END, role=?4",
          room, change.user_id, change.user_name, after, ts)
        .run();
  }
  const int difference = static_cast<int>(after > banned) - static_cast<int>(before > banned);
  if (difference != 0) Query(connection, "UPDATE rooms SET members=members+? WHERE id=?", difference, room).run();
}

}  // namespace parley::sqlite
