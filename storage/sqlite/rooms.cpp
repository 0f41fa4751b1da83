#include "storage/sqlite/rooms.h"

#include <algorithm>

#include "storage/ascii.h"
#include "storage/sqlite/effects.h"

#define PARLEY_ROOM_COLUMNS \
  "r.id, r.name, r.title, r.visibility, r.keep, r.created, r.floor, r.members, r.head, r.messages, r.last_ts"

namespace parley::sqlite {

namespace {

constexpr int room_columns = 11;

Error no_room() { return {Code::not_found, "no such room"}; }

RoomInfo to_room(const Query& query) {
  RoomInfo room;
  room.id = query.integer(0);
  room.name = query.text(1);
  room.title = query.text(2);
  room.visibility = static_cast<Visibility>(query.integer(3));
  room.keep = static_cast<Keep>(query.integer(4));
  room.created = query.integer(5);
  room.floor = query.natural(6);
  room.members = query.natural(7);
  room.head = query.natural(8);
  room.messages = query.natural(9);
  room.last_ts = query.integer(10);
  return room;
}

// The room's columns, then the user's role and mark (NULL where there is none).
RoomView to_view(const Query& query) {
  RoomView view;
  view.room = to_room(query);
  if (!query.null(room_columns)) view.role = static_cast<Role>(query.integer(room_columns));
  view.read = query.natural(room_columns + 1);
  return view;
}

Member to_member(const Query& query) {
  return {query.text(0), query.text(1), static_cast<Role>(query.integer(2)), query.integer(3)};
}

unsigned count_unread(Connection& connection, RoomId room, Seq mark, const std::string& user_id) {
  Query query(
      connection,
      "SELECT count(*) FROM (SELECT 1 FROM entries WHERE room=? AND seq>? AND type=1 AND flags&2=0 AND user_id<>? LIMIT 1000)",
      room, mark, user_id);
  return query.row() ? static_cast<unsigned>(query.integer(0)) : 0;
}

bool room_exists(Connection& connection, RoomId room) {
  Query query(connection, "SELECT 1 FROM rooms WHERE id=?", room);
  return query.row();
}

}  // namespace

Result<RoomInfo> create_room(Connection& connection, const NewRoom& room, UnixMs now) {
  bool repeated = false;
  Query(connection, "INSERT INTO rooms(name, title, visibility, keep, created) VALUES(?,?,?,?,?)", room.name, room.title,
        static_cast<int>(room.visibility), static_cast<int>(room.keep), now)
      .run_unless_repeated(repeated);
  if (repeated) return {Code::conflict, "a room of this name exists"};
  const RoomId id = sqlite3_last_insert_rowid(connection.handle());
  if (!room.owner_id.empty()) change_member(connection, id, {room.owner_id, room.owner_name, Role::owner}, now);
  return find_room(connection, room.name);
}

Result<ReadMark> set_read(Connection& connection, RoomId room, const std::string& user_id, Seq seq) {
  Seq head = 0;
  {
    Query query(connection, "SELECT head FROM room_state WHERE id=?", room);
    if (!query.row()) return no_room();
    head = query.natural(0);
  }
  // Unchanged marks write nothing, so a repeated read costs no commit.
  Query(connection,
        "INSERT INTO marks(room, user_id, seq) VALUES(?,?,?) ON CONFLICT DO UPDATE SET seq=excluded.seq WHERE excluded.seq>seq",
        room, user_id, std::min(seq, head))
      .run();
  ReadMark mark;
  {
    Query query(connection, "SELECT seq FROM marks WHERE room=? AND user_id=?", room, user_id);
    if (query.row()) mark.seq = query.natural(0);
  }
  mark.unread = count_unread(connection, room, mark.seq, user_id);
  return mark;
}

Result<RoomInfo> find_room(Connection& connection, const std::string& name) {
  Query query(connection, "SELECT " PARLEY_ROOM_COLUMNS " FROM room_state r WHERE r.name=?", name);
  if (!query.row()) return no_room();
  return to_room(query);
}

Result<RoomView> view_room(Connection& connection, RoomId room, const std::string& user_id) {
  RoomView view;
  {
    Query query(
        connection,
        "SELECT " PARLEY_ROOM_COLUMNS
        ", (SELECT role FROM members WHERE room=r.id AND user_id=?2), (SELECT seq FROM marks WHERE room=r.id AND user_id=?2) "
        "FROM room_state r WHERE r.id=?1",
        room, user_id);
    if (!query.row()) return no_room();
    view = to_view(query);
  }
  view.unread = count_unread(connection, room, view.read, user_id);
  return view;
}

Result<std::vector<RoomView>> list_rooms(Connection& connection, const RoomsQuery& wanted) {
  static constexpr const char* mine =
      "SELECT " PARLEY_ROOM_COLUMNS
      ", m.role, (SELECT seq FROM marks WHERE room=r.id AND user_id=?1) FROM members m JOIN room_state r ON r.id=m.room "
      "WHERE m.user_id=?1 AND m.role>=3 AND r.name>?2 AND (parley_contains(r.name,?3) OR parley_contains(r.title,?3)) "
      "ORDER BY r.name LIMIT ?4";
  static constexpr const char* open =
      "SELECT " PARLEY_ROOM_COLUMNS
      ", (SELECT role FROM members WHERE room=r.id AND user_id=?1), (SELECT seq FROM marks WHERE room=r.id AND user_id=?1) "
      "FROM room_state r WHERE r.visibility=1 AND r.name>?2 AND (parley_contains(r.name,?3) OR parley_contains(r.title,?3)) "
      "ORDER BY r.name LIMIT ?4";
  const std::string needle = ascii_lower(wanted.contains);
  std::vector<RoomView> views;
  {
    Query query(connection, wanted.mine ? mine : open, wanted.user_id, wanted.after, needle, wanted.limit);
    while (query.row()) views.push_back(to_view(query));
  }
  for (RoomView& view : views) view.unread = count_unread(connection, view.room.id, view.read, wanted.user_id);
  return views;
}

Result<Member> find_member(Connection& connection, RoomId room, const std::string& user_id) {
  Query query(connection, "SELECT user_id, user_name, role, joined FROM members WHERE room=? AND user_id=?", room, user_id);
  if (!query.row()) return {Code::not_found, "not a member"};
  return to_member(query);
}

Result<std::vector<Member>> list_members(Connection& connection, RoomId room, const std::string& after, unsigned limit) {
  if (!room_exists(connection, room)) return no_room();
  Query query(connection,
              "SELECT user_id, user_name, role, joined FROM members WHERE room=? AND user_id>? ORDER BY user_id LIMIT ?", room,
              after, limit);
  std::vector<Member> members;
  while (query.row()) members.push_back(to_member(query));
  return members;
}

}  // namespace parley::sqlite
