#include "storage/sqlite/mqtt_rooms.h"

#include <algorithm>

#include "storage/sqlite/retained.h"

namespace parley::sqlite {

namespace {

// Names from `first` on (included); `end` is beyond every name that can match, empty for none.
struct NameSpan {
  std::string first;
  std::string end;
};

NameSpan span_of(std::string_view filter, const std::string& after) {
  const std::string_view prefix = mqtt::literal_prefix(filter);
  NameSpan span;
  span.first = after.empty() ? std::string(prefix) : after + '\0';
  span.end = prefix;
  if (!span.end.empty()) ++span.end.back();  // names are UTF-8: no byte is 0xff
  return span;
}

void add_matches(Query& query, std::string_view filter, RoomsPage& page, unsigned& looked_at) {
  for (; query.row(); ++looked_at) {
    const std::string_view name = query.view(1);
    page.next = name;
    if (!mqtt::topic_matches(filter, name)) continue;
    MatchedRoom room;
    room.room = query.integer(0);
    room.name = name;
    room.visibility = static_cast<Visibility>(query.integer(2));
    room.keep = static_cast<Keep>(query.integer(3));
    room.floor = query.natural(4);
    page.rooms.push_back(std::move(room));
  }
}

Seq head_of(Connection& connection, RoomId room) {
  Query query(connection, "SELECT head FROM room_state WHERE id=?", room);
  return query.row() ? query.natural(0) : 0;
}

RoomsPage candidates(Connection& connection, std::string_view filter, const RoomsStep& step) {
  RoomsPage page;
  unsigned looked_at = 0;
  if (!mqtt::has_wildcard(filter)) {
    if (!step.after.empty()) return page;
    Query query(connection, "SELECT id, name, visibility, keep, floor FROM rooms WHERE name=?", filter);
    add_matches(query, filter, page, looked_at);
    return page;
  }
  const NameSpan span = span_of(filter, step.after);
  if (span.end.empty()) {
    Query query(connection, "SELECT id, name, visibility, keep, floor FROM rooms WHERE name>=? ORDER BY name LIMIT ?", span.first,
                step.rooms_max);
    add_matches(query, filter, page, looked_at);
  } else {
    Query query(connection, "SELECT id, name, visibility, keep, floor FROM rooms WHERE name>=? AND name<? ORDER BY name LIMIT ?",
                span.first, span.end, step.rooms_max);
    add_matches(query, filter, page, looked_at);
  }
  page.done = looked_at < step.rooms_max;
  return page;
}

}  // namespace

RoomsPage walk_rooms(Connection& connection, std::string_view filter, const RoomsStep& step,
                     const std::function<bool(MatchedRoom&)>& visit) {
  RoomsPage page = candidates(connection, filter, step);
  std::vector<MatchedRoom> wanted;
  wanted.reserve(page.rooms.size());
  for (MatchedRoom& room : page.rooms) {
    room.head = room.low = head_of(connection, room.room);
    if (!visit(room)) continue;
    if (step.retained) room.retained = find_retained(connection, room.room, step.now);
    wanted.push_back(std::move(room));
  }
  page.rooms = std::move(wanted);
  return page;
}

}  // namespace parley::sqlite
