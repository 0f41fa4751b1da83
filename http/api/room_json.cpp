#include "http/api/room_json.h"

namespace parley::api {

void write_room(json::Writer& writer, const RoomView& view, std::string_view epoch) {
  const RoomInfo& room = view.room;
  writer.begin_object().member("name", room.name).member("title", room.title);
  writer.member("visibility", to_string(room.visibility)).member("keep", to_string(room.keep));
  writer.member("created", room.created).member("head", room.head).member("floor", room.floor).member("epoch", epoch);
  writer.member("messages", room.messages).member("last_ts", room.last_ts).member("members", room.members);
  writer.member("role", to_string(view.role)).member("read", view.read).member("unread", view.unread).end_object();
}

void write_member(json::Writer& writer, const Member& member) {
  writer.begin_object().member("id", member.user_id).member("name", member.user_name);
  writer.member("role", to_string(member.role)).member("joined", member.joined).end_object();
}

void write_user(json::Writer& writer, const Subject& subject) {
  writer.begin_object().member("id", subject.user_id).member("name", subject.name);
  writer.member("guest", subject.guest).end_object();
}

}  // namespace parley::api
