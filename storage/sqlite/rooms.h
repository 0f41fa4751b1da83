#pragma once

// Rooms, members and read marks. Each function runs inside a transaction of its caller.

#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace parley::sqlite {

// ---- on the writer's connection
Result<RoomInfo> create_room(Connection& connection, const NewRoom& room, UnixMs now);
Result<ReadMark> set_read(Connection& connection, RoomId room, const std::string& user_id, Seq seq);

// ---- on a read-only connection
Result<RoomInfo> find_room(Connection& connection, const std::string& name);
Result<RoomView> view_room(Connection& connection, RoomId room, const std::string& user_id);
Result<std::vector<RoomView>> list_rooms(Connection& connection, const RoomsQuery& query);
Result<Member> find_member(Connection& connection, RoomId room, const std::string& user_id);
Result<std::vector<Member>> list_members(Connection& connection, RoomId room, const std::string& after, unsigned limit);

}  // namespace parley::sqlite
