#pragma once

// Subscriptions of MQTT sessions, the rooms that they match, and the cursors in them.

#include "storage/mqtt_store.h"
#include "storage/sqlite/connection.h"

namespace parley::sqlite {

std::vector<MqttSubscription> subscriptions_of(Connection& connection, SessionId session);

Result<RoomsPage> subscribe(Connection& connection, SessionKey key, const MqttSubscription& subscription, const RoomsStep& step);
Result<std::vector<bool>> unsubscribe(Connection& connection, SessionKey key, const std::vector<std::string>& filters);
Result<RoomsPage> match_rooms(Connection& connection, const std::string& filter, const RoomsStep& step);
Result<RoomsPage> backlog(Connection& connection, SessionKey key, const RoomsStep& step);
Result<RoomsPage> share_backlog(Connection& connection, const std::string& filter, const RoomsStep& step);

// Removes those of the session's cursors from room `from` on that no subscription covers, looking at `rows_max` at most; answers
// how many it looked at.
std::int64_t tidy_cursors(Connection& connection, SessionId session, RoomId from, unsigned rows_max);

// The lowest seq of the room that a session or a group may still ask for; head + 1 when there is none.
Seq lowest_wanted(Connection& connection, RoomId room, const std::string& name, Seq head);

}  // namespace parley::sqlite
