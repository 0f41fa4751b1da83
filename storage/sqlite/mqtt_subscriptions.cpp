#include "storage/sqlite/mqtt_subscriptions.h"

#include <algorithm>

#include "storage/seq_set.h"
#include "storage/sqlite/mqtt_rooms.h"
#include "storage/sqlite/mqtt_sessions.h"
#include "storage/sqlite/mqtt_shares.h"

namespace parley::sqlite {

namespace {

constexpr int option_no_local = 1;
constexpr int option_retain_as_published = 2;
constexpr int option_meta = 4;
constexpr int options_per_retain_handling = 16;

int options_of(const MqttSubscription& subscription) {
  return (subscription.no_local ? option_no_local : 0) + (subscription.retain_as_published ? option_retain_as_published : 0) +
         (subscription.meta ? option_meta : 0) + options_per_retain_handling * static_cast<int>(subscription.retain_handling);
}

// The filters of the session that keep cursors, ascending.
std::vector<std::string> cursor_filters(Connection& connection, SessionId session) {
  Query query(connection, "SELECT filter FROM mqtt_subscriptions WHERE session=? AND qos>0 ORDER BY filter", session);
  std::vector<std::string> out;
  while (query.row()) {
    if (!mqtt::is_shared(query.view(0))) out.push_back(query.text(0));
  }
  return out;
}

bool covered(const std::vector<std::string>& filters, std::string_view room) {
  return std::any_of(filters.begin(), filters.end(),
                     [&](const std::string& filter) { return mqtt::topic_matches(filter, room); });
}

// Fills in where the session stands; false when it has no cursor there.
bool read_cursor(Connection& connection, SessionId session, MatchedRoom& room) {
  Query query(connection, "SELECT low, above FROM mqtt_cursors WHERE room=? AND session=?", room.room, session);
  if (!query.row()) return false;
  room.low = query.natural(0);
  room.above = decode_seqs(query.view(1));
  return true;
}

void put_cursor(Connection& connection, SessionId session, const MatchedRoom& room) {
  Query(connection,
        "INSERT INTO mqtt_cursors(room, session, low) VALUES(?,?,?) ON CONFLICT DO UPDATE SET low=excluded.low, above=NULL",
        room.room, session, room.low)
      .run();
}

// In a room that another subscription covers the session stands somewhere already: where its cursor is, or at 0 where it has
// none.
void note_head(Connection& connection, SessionId session, const std::vector<std::string>& before, MatchedRoom& room) {
  if (covered(before, room.name)) {
    if (read_cursor(connection, session, room)) return;
    room.low = 0;
  }
  put_cursor(connection, session, room);
}

void put_subscription(Connection& connection, SessionId session, const MqttSubscription& subscription) {
  const bool wild = subscription.keeps_cursors() && mqtt::has_wildcard(subscription.filter);
  Query(connection,
        "INSERT OR REPLACE INTO mqtt_subscriptions(session, filter, qos, options, identifier, wild) VALUES(?,?,?,?,?,?)", session,
        subscription.filter, static_cast<int>(subscription.qos), options_of(subscription), subscription.identifier,
        static_cast<int>(wild))
      .run();
}

bool has_subscription(Connection& connection, SessionId session, const std::string& filter) {
  Query query(connection, "SELECT 1 FROM mqtt_subscriptions WHERE session=? AND filter=?", session, filter);
  return query.row();
}

RoomsPage subscribe_shared(Connection& connection, SessionId session, const MqttSubscription& subscription, RoomsStep step) {
  mqtt::SharedFilter shared;
  if (!mqtt::parse_shared(subscription.filter, shared)) return {};
  const ShareGroup group = make_group(connection, subscription.filter);
  step.retained = false;
  RoomsPage page = walk_rooms(connection, shared.filter, step, [&](MatchedRoom& room) {
    if (group.members == 0) set_group_next(connection, group.id, room.room, room.head + 1);
    room.low = group_next(connection, group.id, room.room) - 1;
    return true;
  });
  if (page.done && !has_subscription(connection, session, subscription.filter)) join_group(connection, group.id);
  return page;
}

}  // namespace

std::vector<MqttSubscription> subscriptions_of(Connection& connection, SessionId session) {
  Query query(connection, "SELECT filter, qos, options, identifier FROM mqtt_subscriptions WHERE session=? ORDER BY filter",
              session);
  std::vector<MqttSubscription> out;
  while (query.row()) {
    const auto options = static_cast<int>(query.integer(2));
    MqttSubscription each;
    each.filter = query.text(0);
    each.qos = static_cast<mqtt::QoS>(query.integer(1));
    each.no_local = (options & option_no_local) != 0;
    each.retain_as_published = (options & option_retain_as_published) != 0;
    each.meta = (options & option_meta) != 0;
    each.retain_handling = static_cast<mqtt::RetainHandling>(options / options_per_retain_handling);
    each.identifier = static_cast<std::uint32_t>(query.integer(3));
    out.push_back(std::move(each));
  }
  return out;
}

Result<RoomsPage> subscribe(Connection& connection, SessionKey key, const MqttSubscription& subscription, const RoomsStep& step) {
  if (auto status = check_session(connection, key); !status.ok()) return status.error();
  RoomsPage page;
  if (mqtt::is_shared(subscription.filter)) {
    page = subscribe_shared(connection, key.id, subscription, step);
  } else {
    const std::vector<std::string> before = cursor_filters(connection, key.id);
    page = walk_rooms(connection, subscription.filter, step, [&](MatchedRoom& room) {
      if (subscription.keeps_cursors()) note_head(connection, key.id, before, room);
      return true;
    });
  }
  if (page.done) put_subscription(connection, key.id, subscription);
  return page;
}

Result<std::vector<bool>> unsubscribe(Connection& connection, SessionKey key, const std::vector<std::string>& filters) {
  if (auto status = check_session(connection, key); !status.ok()) return status.error();
  std::vector<bool> out;
  for (const std::string& filter : filters) {
    Query(connection, "DELETE FROM mqtt_subscriptions WHERE session=? AND filter=?", key.id, filter).run();
    out.push_back(sqlite3_changes64(connection.handle()) > 0);
    if (out.back() && mqtt::is_shared(filter)) leave_group(connection, filter);
  }
  if (std::find(out.begin(), out.end(), true) != out.end()) {
    Query(connection, "UPDATE mqtt_sessions SET untidy=0 WHERE id=?", key.id).run();
  }
  return out;
}

Result<RoomsPage> match_rooms(Connection& connection, const std::string& filter, const RoomsStep& step) {
  return walk_rooms(connection, filter, step, [](MatchedRoom&) { return true; });
}

// By filter, and then by room: the position is "filter NUL room". A room is told under the first filter that matches it.
Result<RoomsPage> backlog(Connection& connection, SessionKey key, const RoomsStep& step) {
  if (auto status = check_session(connection, key); !status.ok()) return status.error();
  const std::vector<std::string> filters = cursor_filters(connection, key.id);
  const std::size_t nul = step.after.find('\0');
  const std::string from = step.after.substr(0, nul);
  RoomsStep part = step;
  if (nul != std::string::npos) part.after = step.after.substr(nul + 1);
  RoomsPage page;
  for (auto filter = std::lower_bound(filters.begin(), filters.end(), from); filter != filters.end(); ++filter) {
    if (*filter != from) part.after.clear();
    const std::vector<std::string> earlier(filters.begin(), filter);
    RoomsPage found = walk_rooms(connection, *filter, part, [&](MatchedRoom& room) {
      if (covered(earlier, room.name)) return false;
      room.low = 0;
      read_cursor(connection, key.id, room);
      return room.head > room.low;
    });
    page.rooms.insert(page.rooms.end(), std::move_iterator(found.rooms.begin()), std::move_iterator(found.rooms.end()));
    const bool last = filter + 1 == filters.end() && found.done;
    if (last) break;
    // A filter in each step at least; what it looked at bounds the step well enough.
    if (!found.done || page.rooms.size() >= step.rooms_max) {
      page.done = false;
      page.next = *filter + '\0' + (found.done ? std::string("\xff") : found.next);
      return page;
    }
  }
  page.done = true;
  return page;
}

Result<RoomsPage> share_backlog(Connection& connection, const std::string& filter, const RoomsStep& step) {
  mqtt::SharedFilter shared;
  const ShareGroup group = find_group(connection, filter);
  if (group.members == 0 || !mqtt::parse_shared(filter, shared)) return RoomsPage();
  return walk_rooms(connection, shared.filter, step, [&](MatchedRoom& room) {
    room.low = group_next(connection, group.id, room.room) - 1;
    return group_has_work(connection, group.id, room.room, room.head);
  });
}

std::int64_t tidy_cursors(Connection& connection, SessionId session, RoomId from, unsigned rows_max) {
  const std::vector<std::string> filters = cursor_filters(connection, session);
  std::vector<RoomId> useless;
  std::int64_t looked_at = 0;
  RoomId next = from;
  {
    Query query(connection,
                "SELECT c.room, r.name FROM mqtt_cursors c JOIN rooms r ON r.id=c.room WHERE c.session=? AND c.room>=? "
                "ORDER BY c.room LIMIT ?",
                session, from, rows_max);
    for (; query.row(); ++looked_at) {
      next = query.integer(0) + 1;
      if (!covered(filters, query.view(1))) useless.push_back(query.integer(0));
    }
  }
  for (const RoomId room : useless) {
    Query(connection, "DELETE FROM mqtt_cursors WHERE room=? AND session=?", room, session).run();
  }
  const bool done = looked_at < rows_max;
  Query(connection, "UPDATE mqtt_sessions SET untidy=? WHERE id=?", NullableNumber{done ? 0 : next}, session).run();
  return looked_at;
}

Seq lowest_wanted(Connection& connection, RoomId room, const std::string& name, Seq head) {
  Seq lowest = head + 1;
  {
    Query query(connection, "SELECT min(low)+1 FROM mqtt_cursors WHERE room=?", room);
    if (query.row() && !query.null(0)) lowest = std::min(lowest, query.natural(0));
  }
  // Sessions that a room made later than their SUBSCRIBE matches stand at 0 without a cursor.
  Query wild(connection, "SELECT DISTINCT filter FROM mqtt_subscriptions WHERE wild=1");
  while (wild.row()) {
    if (!mqtt::topic_matches(wild.view(0), name)) continue;
    Query query(connection,
                "SELECT 1 FROM mqtt_subscriptions s WHERE wild=1 AND filter=? AND NOT EXISTS (SELECT 1 FROM mqtt_cursors c WHERE "
                "c.room=? AND c.session=s.session) LIMIT 1",
                wild.view(0), room);
    if (query.row()) return 1;
  }
  Query groups(connection,
               "SELECT g.filter, coalesce(r.next, 1), (SELECT min(first) FROM mqtt_claims c WHERE c.group_id=g.id AND c.room=?1) "
               "FROM mqtt_groups g LEFT JOIN mqtt_group_rooms r ON r.group_id=g.id AND r.room=?1 WHERE g.members>0",
               room);
  while (groups.row()) {
    mqtt::SharedFilter shared;
    if (!mqtt::parse_shared(groups.view(0), shared) || !mqtt::topic_matches(shared.filter, name)) continue;
    lowest = std::min(lowest, groups.natural(1));
    if (!groups.null(2)) lowest = std::min(lowest, groups.natural(2));
  }
  return lowest;
}

}  // namespace parley::sqlite
