#include "storage/postgres/mqtt_sessions.h"

#include "storage/postgres/mqtt_options.h"

namespace parley::postgres {

namespace {

#define PARLEY_MQTT_ROW "SELECT kind, n1, n2, n3, n4, n5, n6, b1, b2, b3, b4, b5, b6, b7 FROM "

constexpr const char* open_sql =
    PARLEY_MQTT_ROW "mqtt_open($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20)";
constexpr const char* close_sql = PARLEY_MQTT_ROW "mqtt_close($1,$2,$3,$4,$5,$6,$7,$8)";
constexpr const char* find_sql =
    "SELECT id, generation, user_id, owner, expires FROM mqtt_sessions WHERE sha256(client_id) = sha256($1::bytea)";
constexpr const char* lost_sql =
    "SELECT u.id, u.generation FROM unnest($1::int8[], $2::int8[]) AS u (id, generation) WHERE NOT EXISTS (SELECT FROM "
    "mqtt_sessions s WHERE s.id = u.id AND s.generation = u.generation AND s.client_id IS NOT NULL)";
constexpr const char* renew_sql = "SELECT mqtt_renew_lease($1,$2,$3,$4)";
constexpr const char* sweep_sql = PARLEY_MQTT_ROW "mqtt_sweep($1,$2,$3,$4)";
constexpr const char* due_sql = PARLEY_MQTT_ROW "mqtt_due_wills(NULL, $1::int8, $2::int8)";
constexpr const char* take_sql = "SELECT mqtt_take_will($1,$2,$3)";

enum Column { kind, n1, n2, n3, n4, n5, n6, b1, b2, b3, b4, b5, b6, b7 };

DueWill to_will(const Rows& rows, int row) {
  DueWill due;
  due.id = rows.integer(row, n1);
  due.client_id = rows.text(row, b1);
  due.will.qos = static_cast<mqtt::QoS>(rows.integer(row, n2));
  due.will.retain = rows.truth(row, n3);
  due.will.delay_s = static_cast<std::uint32_t>(rows.integer(row, n4));
  due.will.expiry_s = static_cast<std::uint32_t>(rows.integer(row, n5));
  due.will.payload = static_cast<Payload>(rows.integer(row, n6));
  due.will.topic = rows.text(row, b2);
  due.will.user_id = rows.text(row, b3);
  due.will.user_name = rows.text(row, b4);
  due.will.content_type = rows.text(row, b5);
  due.will.properties = rows.text(row, b6);
  due.will.body = rows.text(row, b7);
  return due;
}

std::vector<DueWill> to_wills(const Rows& rows) {
  std::vector<DueWill> wills;
  for (int row = 0; row < rows.count(); ++row) {
    if (rows.integer(row, kind) == 4) wills.push_back(to_will(rows, row));
  }
  return wills;
}

MqttSubscription to_subscription(const Rows& rows, int row) {
  MqttSubscription subscription;
  subscription.filter = rows.text(row, b1);
  subscription.qos = static_cast<mqtt::QoS>(rows.integer(row, n1));
  read_options(static_cast<int>(rows.integer(row, n2)), subscription);
  subscription.identifier = static_cast<std::uint32_t>(rows.integer(row, n3));
  return subscription;
}

Result<SessionOpened> to_opened(const Rows& rows) {
  SessionOpened out;
  for (int row = 0; row < rows.count(); ++row) {
    switch (rows.integer(row, kind)) {
      case 0:
        if (static_cast<MqttVerdict>(rows.integer(row, n1)) == MqttVerdict::foreign) {
          return {Code::forbidden, "the client id is another user's: choose another one"};
        }
        out.key = {rows.integer(row, n2), rows.natural(row, n3)};
        out.present = (rows.natural(row, n4) & 1U) != 0;
        out.interrupted = (rows.natural(row, n4) & 2U) != 0;
        out.previous = {rows.integer(row, n5), rows.natural(row, n6)};
        out.previous_owner = rows.text(row, b1);
        break;
      case 1:
        out.subscriptions.push_back(to_subscription(rows, row));
        break;
      case 2:
        out.outbound.push_back({static_cast<std::uint16_t>(rows.integer(row, n1)),
                                static_cast<OutboundState>(rows.integer(row, n2)), rows.integer(row, n3), rows.natural(row, n4),
                                rows.natural(row, n5)});
        break;
      case 3:
        out.inbound.push_back(static_cast<std::uint16_t>(rows.integer(row, n1)));
        break;
      default:
        out.wills.push_back(to_will(rows, row));
    }
  }
  return out;
}

void encode_will(Params& out, const std::optional<MqttWill>& will) {
  if (!will) {
    for (int i = 0; i < 11; ++i) out.null();
    return;
  }
  out.bytes(will->topic)
      .int2(static_cast<std::int16_t>(will->qos))
      .boolean(will->retain)
      .int8(will->delay_s)
      .int8(will->expiry_s);
  out.int2(static_cast<std::int16_t>(will->payload)).bytes(will->user_id).bytes(will->user_name);
  out.bytes_or_null(will->content_type).bytes_or_null(will->properties).bytes(will->body);
}

}  // namespace

Error session_lost() { return {Code::conflict, std::string(session_lost_message)}; }

std::unique_ptr<Call> open_session(const std::string& replica, SessionOpening opening, UnixMs now, std::string token,
                                   Reply<SessionOpened> done) {
  return make_fenced_call<SessionOpened>(
      open_sql, replica, std::move(done),
      [opening = std::move(opening), now, token = std::move(token)](Params& out, const Attempt& /*attempt*/) {
        out.bytes(token).bytes(opening.client_id).bytes(opening.user_id).bytes(opening.owner).boolean(opening.clean_start);
        out.int8(opening.expiry_s).int8(now);
        encode_will(out, opening.will);
      },
      [](const Rows& rows) { return to_opened(rows); });
}

std::unique_ptr<Call> close_session(const std::string& replica, SessionKey session, std::optional<std::uint32_t> expiry_s,
                                    bool drop_will, UnixMs now, Reply<std::vector<DueWill>> done) {
  return make_fenced_call<std::vector<DueWill>>(
      close_sql, replica, std::move(done),
      [=](Params& out, const Attempt& attempt) {
        out.boolean(attempt.again).int8(session.id).int8(static_cast<std::int64_t>(session.generation));
        expiry_s ? out.int8(*expiry_s) : out.null();
        out.boolean(drop_will).int8(now);
      },
      [](const Rows& rows) -> Result<std::vector<DueWill>> {
        if (static_cast<MqttVerdict>(rows.integer(0, n1)) == MqttVerdict::lost) return session_lost();
        return to_wills(rows);
      });
}

std::unique_ptr<Call> find_session(std::string client_id, Reply<SessionInfo> done) {
  return make_call<SessionInfo>(
      find_sql, std::move(done), [client_id = std::move(client_id)](Params& out) { out.bytes(client_id); },
      [](const Rows& rows) -> Result<SessionInfo> {
        if (rows.empty()) return {Code::not_found, "no such session"};
        return SessionInfo{{rows.integer(0, 0), rows.natural(0, 1)}, rows.text(0, 2), rows.text(0, 3), rows.integer(0, 4)};
      });
}

std::unique_ptr<Call> lost_sessions(std::vector<SessionKey> sessions, Reply<std::vector<SessionKey>> done) {
  return make_call<std::vector<SessionKey>>(
      lost_sql, std::move(done),
      [sessions = std::move(sessions)](Params& out) {
        out.array(Oid::int8, sessions.size(), [&](std::size_t i, Params& to) { to.int8(sessions[i].id); });
        out.array(Oid::int8, sessions.size(),
                  [&](std::size_t i, Params& to) { to.int8(static_cast<std::int64_t>(sessions[i].generation)); });
      },
      [](const Rows& rows) -> Result<std::vector<SessionKey>> {
        std::vector<SessionKey> lost;
        lost.reserve(static_cast<std::size_t>(rows.count()));
        for (int row = 0; row < rows.count(); ++row) lost.push_back({rows.integer(row, 0), rows.natural(row, 1)});
        return lost;
      });
}

std::unique_ptr<Call> renew_lease(const std::string& replica, std::string owner, UnixMs until, Reply<Nothing> done) {
  return make_fenced_call<Nothing>(
      renew_sql, replica, std::move(done),
      [owner = std::move(owner), until](Params& out, const Attempt& /*attempt*/) { out.bytes(owner).int8(until); },
      [](const Rows& /*rows*/) { return ok_status(); });
}

std::unique_ptr<Call> sweep(const std::string& replica, UnixMs now, unsigned rows_max, Reply<Swept> done) {
  return make_fenced_call<Swept>(
      sweep_sql, replica, std::move(done),
      [now, rows_max](Params& out, const Attempt& /*attempt*/) { out.int8(now).int8(rows_max); },
      [](const Rows& rows) -> Result<Swept> {
        Swept swept;
        for (int row = 0; row < rows.count(); ++row) {
          if (rows.integer(row, kind) == 0) {
            swept.more = rows.truth(row, n1);
            continue;
          }
          SweptSession session{{rows.integer(row, n1), rows.natural(row, n2)}, rows.text(row, b1), rows.text(row, b2)};
          (rows.integer(row, kind) == 1 ? swept.lapsed : swept.ended).push_back(std::move(session));
        }
        return swept;
      });
}

std::unique_ptr<Call> due_wills(UnixMs now, unsigned limit, Reply<std::vector<DueWill>> done) {
  return make_call<std::vector<DueWill>>(
      due_sql, std::move(done), [now, limit](Params& out) { out.int8(now).int8(limit); },
      [](const Rows& rows) -> Result<std::vector<DueWill>> { return to_wills(rows); });
}

std::unique_ptr<Call> take_will(const std::string& replica, WillId will, Reply<Nothing> done) {
  return make_fenced_call<Nothing>(
      take_sql, replica, std::move(done), [will](Params& out, const Attempt& /*attempt*/) { out.int8(will); },
      [](const Rows& rows) -> Status {
        if (!rows.truth(0, 0)) return {Code::not_found, "the will is gone: fired or taken back"};
        return ok_status();
      });
}

}  // namespace parley::postgres
