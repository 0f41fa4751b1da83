#include "storage/sqlite/mqtt_sessions.h"

#include "storage/sqlite/mqtt_session_row.h"
#include "storage/sqlite/mqtt_shares.h"
#include "storage/sqlite/mqtt_subscriptions.h"
#include "storage/sqlite/mqtt_wills.h"

#define PARLEY_SESSION_COLUMNS "id, generation, client_id, user_id, owner, expiry_s, expires, interrupted"

namespace parley::sqlite {

namespace {

std::optional<SessionRow> to_row(Query& query) {
  if (!query.row()) return std::nullopt;
  SessionRow row;
  row.key = {query.integer(0), query.natural(1)};
  row.client_id = query.text(2);
  row.user_id = query.text(3);
  row.owner = query.text(4);
  row.expiry_s = static_cast<std::uint32_t>(query.integer(5));
  row.expires = query.integer(6);
  row.interrupted = query.integer(7) != 0;
  return row;
}

// The session that the client finds, if any: one that expired or lost its owner in the meantime is dealt with first.
std::optional<SessionRow> find_living(Connection& connection, const std::string& client_id, UnixMs now) {
  auto row = find_row(connection, client_id);
  if (!row) return row;
  if (row->connected()) {
    if (const auto at = lease_end(connection, row->owner, now)) lapse_row(connection, *row, *at);
  }
  if (!row->connected() && row->expires <= now) {
    end_row(connection, *row, now);
    return std::nullopt;
  }
  return row;
}

SessionKey insert_session(Connection& connection, const SessionOpening& opening, std::uint64_t generation) {
  Query(connection, "INSERT INTO mqtt_sessions(client_id, generation, user_id, owner, expiry_s) VALUES(?,?,?,?,?)",
        opening.client_id, generation, opening.user_id, opening.owner, opening.expiry_s)
      .run();
  return {sqlite3_last_insert_rowid(connection.handle()), generation};
}

SessionKey take_over(Connection& connection, const SessionOpening& opening, SessionKey before) {
  const SessionKey key = {before.id, before.generation + 1};
  Query(connection, "UPDATE mqtt_sessions SET generation=?, owner=?, expiry_s=?, expires=NULL, interrupted=0 WHERE id=?",
        key.generation, opening.owner, opening.expiry_s, key.id)
      .run();
  return key;
}

void load_window(Connection& connection, SessionOpened& out) {
  {
    Query query(connection, "SELECT packet_id, state, room, seq, sent FROM mqtt_outbound WHERE session=? ORDER BY sent",
                out.key.id);
    while (query.row()) {
      out.outbound.push_back({static_cast<std::uint16_t>(query.integer(0)), static_cast<OutboundState>(query.integer(1)),
                              query.integer(2), query.natural(3), query.natural(4)});
    }
  }
  Query query(connection, "SELECT packet_id FROM mqtt_inbound WHERE session=? ORDER BY packet_id", out.key.id);
  while (query.row()) out.inbound.push_back(static_cast<std::uint16_t>(query.integer(0)));
}

}  // namespace

std::optional<SessionRow> find_row(Connection& connection, const std::string& client_id) {
  Query query(connection, "SELECT " PARLEY_SESSION_COLUMNS " FROM mqtt_sessions WHERE client_id=?", client_id);
  return to_row(query);
}

std::optional<SessionRow> find_row(Connection& connection, SessionKey key) {
  Query query(connection,
              "SELECT " PARLEY_SESSION_COLUMNS " FROM mqtt_sessions WHERE id=? AND generation=? AND client_id IS NOT NULL",
              key.id, key.generation);
  return to_row(query);
}

Status check_session(Connection& connection, SessionKey key) {
  Query query(connection, "SELECT 1 FROM mqtt_sessions WHERE id=? AND generation=? AND client_id IS NOT NULL", key.id,
              key.generation);
  if (!query.row()) return {Code::conflict, std::string(session_lost_message)};
  return ok_status();
}

std::optional<UnixMs> lease_end(Connection& connection, const std::string& owner, UnixMs now) {
  Query query(connection, "SELECT until FROM mqtt_owners WHERE owner=?", owner);
  if (!query.row()) return now;
  if (query.integer(0) > now) return std::nullopt;
  return query.integer(0);
}

void disconnect_row(Connection& connection, SessionRow& row, UnixMs at) {
  row.owner.clear();
  row.expires = seconds_later(at, row.expiry_s);
  Query(connection, "UPDATE mqtt_sessions SET owner=NULL, expiry_s=?, expires=? WHERE id=?", row.expiry_s, row.expires,
        row.key.id)
      .run();
  schedule_will(connection, row.key.id, at, row.expiry_s);
}

void lapse_row(Connection& connection, SessionRow& row, UnixMs at) {
  disconnect_row(connection, row, at);
  ++row.key.generation;
  row.interrupted = true;
  Query(connection, "UPDATE mqtt_sessions SET generation=?, interrupted=1 WHERE id=?", row.key.generation, row.key.id).run();
  release_claims(connection, row.key.id, false);
}

void end_row(Connection& connection, const SessionRow& row, UnixMs now) {
  release_will(connection, row.key.id, now);
  release_claims(connection, row.key.id, true);
  std::vector<std::string> shared;
  {
    Query query(connection, "SELECT filter FROM mqtt_subscriptions WHERE session=? AND filter>=? AND filter<?", row.key.id,
                mqtt::share_prefix, std::string_view("$share0"));  // '0' follows '/'
    while (query.row()) shared.push_back(query.text(0));
  }
  for (const std::string& filter : shared) leave_group(connection, filter);
  Query(connection, "UPDATE mqtt_sessions SET client_id=NULL, owner=NULL, expires=NULL, untidy=NULL WHERE id=?", row.key.id)
      .run();
}

Result<SessionOpened> open_session(Connection& connection, const SessionOpening& opening, UnixMs now) {
  SessionOpened out;
  auto row = find_living(connection, opening.client_id, now);
  if (row) {
    if (row->user_id != opening.user_id) return {Code::forbidden, "the client id is another user's: choose another one"};
    out.previous = row->key;
    out.previous_owner = row->owner;
    // A session without expiry ends with its connection, which this one ends (MQTT 5 §3.1.4, §4.1).
    if (opening.clean_start || (row->connected() && row->expiry_s == 0)) {
      end_row(connection, *row, now);
      row.reset();
    } else {
      settle_will(connection, row->key.id, row->connected(), now);
    }
  }
  out.present = row.has_value();
  out.interrupted = row && (row->interrupted || row->connected());
  out.key = row ? take_over(connection, opening, row->key) : insert_session(connection, opening, out.previous.generation + 1);
  if (opening.will) put_will(connection, out.key.id, opening.client_id, *opening.will);
  out.subscriptions = subscriptions_of(connection, out.key.id);
  load_window(connection, out);
  auto wills = due_wills_of(connection, opening.client_id, now);
  if (!wills.ok()) return wills.error();
  out.wills = std::move(*wills);
  return out;
}

Result<std::vector<DueWill>> close_session(Connection& connection, SessionKey key, std::optional<std::uint32_t> expiry_s,
                                           bool drop_will_too, UnixMs now) {
  auto row = find_row(connection, key);
  if (!row) return {Code::conflict, std::string(session_lost_message)};
  if (!row->connected()) return std::vector<DueWill>();
  row->expiry_s = expiry_s.value_or(row->expiry_s);
  if (drop_will_too) drop_will(connection, key.id);
  disconnect_row(connection, *row, now);
  if (row->expiry_s == 0) end_row(connection, *row, now);
  return due_wills_of(connection, row->client_id, now);
}

Result<SessionInfo> find_session(Connection& connection, const std::string& client_id) {
  const auto row = find_row(connection, client_id);
  if (!row) return {Code::not_found, "no such session"};
  return SessionInfo{row->key, row->user_id, row->owner, row->connected() ? 0 : row->expires};
}

Status renew_lease(Connection& connection, const std::string& owner, UnixMs until) {
  Query(connection, "INSERT INTO mqtt_owners(owner, until) VALUES(?,?) ON CONFLICT DO UPDATE SET until=excluded.until", owner,
        until)
      .run();
  return ok_status();
}

void forget_leases(Connection& connection) { connection.execute("DELETE FROM mqtt_owners"); }

}  // namespace parley::sqlite
