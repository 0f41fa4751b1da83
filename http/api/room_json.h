#pragma once

// Rooms and members as REST writes them (docs/protocol.md, "REST").

#include <string>
#include <string_view>

#include "broker/protocol/json.h"
#include "broker/protocol/room.h"

namespace parley::api {

void write_room(json::Writer& writer, const RoomView& view, std::string_view epoch);
void write_member(json::Writer& writer, const Member& member);
void write_user(json::Writer& writer, const Subject& subject);

}  // namespace parley::api
