#include "storage/sqlite/mqtt_wills.h"

#include <algorithm>

#define PARLEY_WILL_COLUMNS \
  "id, client_id, topic, qos, retain, delay_s, expiry_s, payload, user_id, user_name, content_type, properties, body"

namespace parley::sqlite {

namespace {

std::vector<DueWill> collect(Query& query) {
  std::vector<DueWill> out;
  while (query.row()) {
    DueWill due;
    due.id = query.integer(0);
    due.client_id = query.text(1);
    due.will.topic = query.text(2);
    due.will.qos = static_cast<mqtt::QoS>(query.integer(3));
    due.will.retain = query.integer(4) != 0;
    due.will.delay_s = static_cast<std::uint32_t>(query.integer(5));
    due.will.expiry_s = static_cast<std::uint32_t>(query.integer(6));
    due.will.payload = static_cast<Payload>(query.integer(7));
    due.will.user_id = query.text(8);
    due.will.user_name = query.text(9);
    due.will.content_type = query.text(10);
    due.will.properties = query.text(11);
    due.will.body = query.text(12);
    out.push_back(std::move(due));
  }
  return out;
}

}  // namespace

UnixMs seconds_later(UnixMs now, std::uint32_t seconds) {
  return seconds == session_never_expires ? INT64_MAX : now + UnixMs{seconds} * 1000;
}

void put_will(Connection& connection, SessionId session, const std::string& client_id, const MqttWill& will) {
  Query(connection,
        "INSERT INTO mqtt_wills(session, client_id, topic, qos, retain, delay_s, expiry_s, payload, user_id, user_name, "
        "content_type, properties, body) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
        session, client_id, will.topic, static_cast<int>(will.qos), static_cast<int>(will.retain), will.delay_s, will.expiry_s,
        static_cast<int>(will.payload), will.user_id, will.user_name, Nullable{will.content_type}, Nullable{will.properties},
        will.body)
      .run();
}

void drop_will(Connection& connection, SessionId session) {
  Query(connection, "DELETE FROM mqtt_wills WHERE session=?", session).run();
}

void schedule_will(Connection& connection, SessionId session, UnixMs at, std::uint32_t expiry_s) {
  std::uint32_t delay_s = 0;
  {
    Query query(connection, "SELECT delay_s FROM mqtt_wills WHERE session=? AND due IS NULL", session);
    if (!query.row()) return;
    delay_s = static_cast<std::uint32_t>(query.integer(0));
  }
  Query(connection, "UPDATE mqtt_wills SET due=?2 WHERE session=?1 AND due IS NULL", session,
        seconds_later(at, std::min(delay_s, expiry_s)))
      .run();
}

void release_will(Connection& connection, SessionId session, UnixMs now) {
  Query(connection, "UPDATE mqtt_wills SET session=NULL, due=min(coalesce(due,?2),?2) WHERE session=?1", session, now).run();
}

void settle_will(Connection& connection, SessionId session, bool was_connected, UnixMs now) {
  Query(connection, "DELETE FROM mqtt_wills WHERE session=?1 AND NOT (coalesce(due<=?2,0) OR (?3 AND delay_s=0))", session, now,
        static_cast<int>(was_connected))
      .run();
  release_will(connection, session, now);
}

bool has_will(Connection& connection, WillId will) {
  Query query(connection, "SELECT 1 FROM mqtt_wills WHERE id=?", will);
  return query.row();
}

Result<std::vector<DueWill>> due_wills_of(Connection& connection, const std::string& client_id, UnixMs now) {
  Query query(connection, "SELECT " PARLEY_WILL_COLUMNS " FROM mqtt_wills WHERE due<=? AND client_id=? ORDER BY id", now,
              client_id);
  return collect(query);
}

Result<std::vector<DueWill>> due_wills(Connection& connection, UnixMs now, unsigned limit) {
  Query query(connection, "SELECT " PARLEY_WILL_COLUMNS " FROM mqtt_wills WHERE due<=? ORDER BY due, id LIMIT ?", now, limit);
  return collect(query);
}

Status take_will(Connection& connection, WillId will) {
  Query(connection, "DELETE FROM mqtt_wills WHERE id=?", will).run();
  if (sqlite3_changes64(connection.handle()) == 0) return {Code::not_found, "the will is gone: fired or taken back"};
  return ok_status();
}

}  // namespace parley::sqlite
