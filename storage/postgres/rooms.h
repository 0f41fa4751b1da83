#pragma once

// Rooms, members, read marks.

#include <memory>

#include "storage/postgres/call.h"

namespace parley::postgres {

std::unique_ptr<Call> find_room(std::string name, Reply<RoomInfo> done);
// `token`: 16 bytes that no other call has.
std::unique_ptr<Call> create_room(NewRoom room, UnixMs now, std::string token, Reply<RoomInfo> done);
std::unique_ptr<Call> list_rooms(RoomsQuery query, Reply<std::vector<RoomView>> done);
std::unique_ptr<Call> view_room(RoomId room, std::string user_id, Reply<RoomView> done);
std::unique_ptr<Call> find_member(RoomId room, std::string user_id, Reply<Member> done);
std::unique_ptr<Call> list_members(RoomId room, std::string after, unsigned limit, Reply<std::vector<Member>> done);
std::unique_ptr<Call> set_read(RoomId room, std::string user_id, Seq seq, Reply<ReadMark> done);

}  // namespace parley::postgres
