#include "storage/postgres/rooms.h"

#include <algorithm>

#include "storage/ascii.h"

namespace parley::postgres {

namespace {

#define PARLEY_ROOM_COLUMNS \
  "r.id, r.name, r.title, r.visibility, r.keep, r.created, r.floor, r.members, r.head, r.messages, r.last_ts"
// The user's role and mark, and what is unread after it. $1 is the user.
#define PARLEY_VIEW_COLUMNS                                                                                           \
  PARLEY_ROOM_COLUMNS                                                                                                 \
  ", (SELECT m.role FROM members m WHERE m.room = r.id AND m.user_id = $1::bytea), coalesce(k.seq, 0), unread(r.id, " \
  "coalesce(k.seq, 0), $1::bytea)"
#define PARLEY_MARK "LEFT JOIN marks k ON k.room = r.id AND k.user_id = $1::bytea "
#define PARLEY_MATCHES                                                                                       \
  "(octet_length($3::bytea) = 0 OR position($3::bytea in ascii_lower(r.name)) > 0 OR position($3::bytea in " \
  "ascii_lower(r.title)) > 0) "

constexpr int room_columns = 11;

constexpr const char* find_sql =
    "SELECT " PARLEY_ROOM_COLUMNS " FROM rooms x JOIN room_state r ON r.id = x.id WHERE sha256(x.name) = sha256($1::bytea)";
constexpr const char* view_sql = "SELECT " PARLEY_VIEW_COLUMNS " FROM room_state r " PARLEY_MARK "WHERE r.id = $2::int8";
constexpr const char* mine_sql =
    "SELECT " PARLEY_VIEW_COLUMNS " FROM room_state r JOIN members o ON o.room = r.id " PARLEY_MARK
    "WHERE o.user_id = $1::bytea AND o.role >= 3 AND r.name > $2::bytea AND " PARLEY_MATCHES "ORDER BY r.name LIMIT $4::int8";
// Ordered by the index first, which holds the beginning of long names only. The rows are chosen before anything is counted in
// them.
constexpr const char* open_sql =
    "SELECT " PARLEY_VIEW_COLUMNS
    " FROM (SELECT * FROM room_state r WHERE r.visibility = 1 AND substr(r.name, 1, 255) >= substr($2::bytea, 1, 255) "
    "AND r.name > $2::bytea AND " PARLEY_MATCHES "ORDER BY substr(r.name, 1, 255), r.name LIMIT $4::int8) r " PARLEY_MARK
    "ORDER BY r.name";
constexpr const char* create_sql = "SELECT " PARLEY_ROOM_COLUMNS " FROM create_room($1, $2, $3, $4, $5, $6, $7, $8) r";
constexpr const char* member_sql =
    "SELECT user_id, user_name, role, joined FROM members WHERE room = $1::int8 AND user_id = $2::bytea";
// One row at least where there is such a room.
constexpr const char* members_sql =
    "SELECT m.user_id, m.user_name, m.role, m.joined FROM rooms r LEFT JOIN LATERAL (SELECT * FROM members x WHERE x.room = r.id "
    "AND x.user_id > "
    "$2::bytea ORDER BY x.user_id LIMIT $3::int8) m ON true WHERE r.id = $1::int8 ORDER BY m.user_id";
constexpr const char* set_read_sql = "SELECT mark, unread FROM set_read($1, $2, $3)";

Error no_room() { return {Code::not_found, "no such room"}; }

RoomInfo to_room(const Rows& rows, int row) {
  RoomInfo room;
  room.id = rows.integer(row, 0);
  room.name = rows.text(row, 1);
  room.title = rows.text(row, 2);
  room.visibility = static_cast<Visibility>(rows.integer(row, 3));
  room.keep = static_cast<Keep>(rows.integer(row, 4));
  room.created = rows.integer(row, 5);
  room.floor = rows.natural(row, 6);
  room.members = rows.natural(row, 7);
  room.head = rows.natural(row, 8);
  room.messages = rows.natural(row, 9);
  room.last_ts = rows.integer(row, 10);
  return room;
}

RoomView to_view(const Rows& rows, int row) {
  RoomView view;
  view.room = to_room(rows, row);
  if (!rows.null(row, room_columns)) view.role = static_cast<Role>(rows.integer(row, room_columns));
  view.read = rows.natural(row, room_columns + 1);
  view.unread = static_cast<unsigned>(rows.integer(row, room_columns + 2));
  return view;
}

Member to_member(const Rows& rows, int row) {
  return {rows.text(row, 0), rows.text(row, 1), static_cast<Role>(rows.integer(row, 2)), rows.integer(row, 3)};
}

}  // namespace

std::unique_ptr<Call> find_room(std::string name, Reply<RoomInfo> done) {
  return make_call<RoomInfo>(
      find_sql, std::move(done), [name = std::move(name)](Params& out) { out.bytes(name); },
      [](const Rows& rows) -> Result<RoomInfo> {
        if (rows.empty()) return no_room();
        return to_room(rows, 0);
      });
}

std::unique_ptr<Call> create_room(NewRoom room, UnixMs now, std::string token, Reply<RoomInfo> done) {
  return make_call<RoomInfo>(
      create_sql, std::move(done),
      [room = std::move(room), now, token = std::move(token)](Params& out) {
        out.bytes(room.name)
            .bytes(room.title)
            .int2(static_cast<std::int16_t>(room.visibility))
            .int2(static_cast<std::int16_t>(room.keep));
        out.bytes_or_null(room.owner_id).bytes(room.owner_name).int8(now).bytes(token);
      },
      [](const Rows& rows) -> Result<RoomInfo> {
        if (rows.empty()) return {Code::conflict, "a room of this name exists"};
        return to_room(rows, 0);
      });
}

std::unique_ptr<Call> list_rooms(RoomsQuery query, Reply<std::vector<RoomView>> done) {
  const char* sql = query.mine ? mine_sql : open_sql;
  return make_call<std::vector<RoomView>>(
      sql, std::move(done),
      [query = std::move(query)](Params& out) {
        out.bytes(query.user_id).bytes(query.after).bytes(ascii_lower(query.contains)).int8(query.limit);
      },
      [](const Rows& rows) -> Result<std::vector<RoomView>> {
        std::vector<RoomView> views;
        views.reserve(static_cast<std::size_t>(rows.count()));
        for (int row = 0; row < rows.count(); ++row) views.push_back(to_view(rows, row));
        return views;
      });
}

std::unique_ptr<Call> view_room(RoomId room, std::string user_id, Reply<RoomView> done) {
  return make_call<RoomView>(
      view_sql, std::move(done), [room, user_id = std::move(user_id)](Params& out) { out.bytes(user_id).int8(room); },
      [](const Rows& rows) -> Result<RoomView> {
        if (rows.empty()) return no_room();
        return to_view(rows, 0);
      });
}

std::unique_ptr<Call> find_member(RoomId room, std::string user_id, Reply<Member> done) {
  return make_call<Member>(
      member_sql, std::move(done), [room, user_id = std::move(user_id)](Params& out) { out.int8(room).bytes(user_id); },
      [](const Rows& rows) -> Result<Member> {
        if (rows.empty()) return {Code::not_found, "not a member"};
        return to_member(rows, 0);
      });
}

std::unique_ptr<Call> list_members(RoomId room, std::string after, unsigned limit, Reply<std::vector<Member>> done) {
  return make_call<std::vector<Member>>(
      members_sql, std::move(done),
      [room, after = std::move(after), limit](Params& out) { out.int8(room).bytes(after).int8(limit); },
      [](const Rows& rows) -> Result<std::vector<Member>> {
        if (rows.empty()) return no_room();
        std::vector<Member> members;
        for (int row = 0; row < rows.count() && !rows.null(row, 0); ++row) members.push_back(to_member(rows, row));
        return members;
      });
}

std::unique_ptr<Call> set_read(RoomId room, std::string user_id, Seq seq, Reply<ReadMark> done) {
  return make_call<ReadMark>(
      set_read_sql, std::move(done),
      [room, user_id = std::move(user_id), seq](Params& out) {
        out.int8(room).bytes(user_id).int8(static_cast<std::int64_t>(std::min<Seq>(seq, INT64_MAX)));
      },
      [](const Rows& rows) -> Result<ReadMark> {
        if (rows.empty()) return no_room();
        return ReadMark{rows.natural(0, 0), static_cast<unsigned>(rows.integer(0, 1))};
      });
}

}  // namespace parley::postgres
