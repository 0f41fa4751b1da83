#include "storage/postgres/mqtt_rooms.h"

#include "storage/postgres/mqtt_filter.h"
#include "storage/postgres/mqtt_options.h"
#include "storage/postgres/mqtt_sessions.h"
#include "storage/seq_set.h"

namespace parley::postgres {

namespace {

#define PARLEY_MQTT_ROOM                                                                                                    \
  "SELECT kind, id, visibility, keep, head, floor, low, name, above, retained_seq, ts, payload, flags, messages, expires, " \
  "user_id, user_name, cid, content_type, properties, body FROM "

constexpr const char* subscribe_sql =
    PARLEY_MQTT_ROOM "mqtt_subscribe($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17)";
constexpr const char* unsubscribe_sql = "SELECT kind, n1 FROM mqtt_unsubscribe($1,$2,$3,$4,$5)";
constexpr const char* match_sql = PARLEY_MQTT_ROOM "mqtt_walk($1,$2,$3,$4,$5,$6,$7)";
constexpr const char* backlog_sql = PARLEY_MQTT_ROOM "mqtt_backlog($1,$2,$3,$4,$5,$6,$7)";
constexpr const char* share_backlog_sql = PARLEY_MQTT_ROOM "mqtt_share_backlog($1,$2,$3,$4,$5,$6,$7,$8)";

enum Column {
  kind,
  id,
  visibility,
  keep,
  head,
  floor_,
  low,
  name,
  above,
  retained_seq,
  ts,
  payload,
  flags,
  messages,
  expires,
  user_id,
  user_name,
  cid,
  content_type,
  properties,
  body
};

constexpr int flag_edited = 1;

EntryPtr to_retained(const Rows& rows, int row) {
  auto entry = std::make_shared<Entry>();
  entry->room = rows.integer(row, id);
  entry->seq = rows.natural(row, retained_seq);
  entry->ts = rows.integer(row, ts);
  entry->payload = static_cast<Payload>(rows.integer(row, payload));
  entry->edited = (rows.integer(row, flags) & flag_edited) != 0;
  entry->messages = rows.natural(row, messages);
  entry->expires = rows.integer(row, expires);
  entry->user_id = rows.text(row, user_id);
  entry->user_name = rows.text(row, user_name);
  entry->cid = rows.text(row, cid);
  entry->content_type = rows.text(row, content_type);
  entry->properties = rows.text(row, properties);
  entry->body = rows.text(row, body);
  return entry;
}

MatchedRoom to_room(const Rows& rows, int row) {
  MatchedRoom room;
  room.room = rows.integer(row, id);
  room.name = rows.text(row, name);
  room.visibility = static_cast<Visibility>(rows.integer(row, visibility));
  room.keep = static_cast<Keep>(rows.integer(row, keep));
  room.head = rows.natural(row, head);
  room.floor = rows.natural(row, floor_);
  room.low = rows.natural(row, low);
  room.above = decode_seqs(rows.view(row, above));
  if (!rows.null(row, retained_seq)) room.retained = to_retained(rows, row);
  return room;
}

// A place within several filters is told as "filter NUL room".
Result<RoomsPage> to_page(const Rows& rows) {
  RoomsPage page;
  for (int row = 0; row < rows.count(); ++row) {
    if (rows.integer(row, kind) == 1) {
      page.rooms.push_back(to_room(rows, row));
      continue;
    }
    if (static_cast<MqttVerdict>(rows.integer(row, id)) == MqttVerdict::lost) return session_lost();
    page.done = rows.truth(row, low);
    page.next = rows.null(row, above) ? rows.text(row, name) : rows.text(row, above) + '\0' + rows.text(row, name);
  }
  return page;
}

void encode_step(Params& out, const std::string& after, const RoomsStep& step) {
  out.bytes(after).int8(step.rooms_max).boolean(step.retained).int8(step.now);
}

}  // namespace

std::unique_ptr<Call> subscribe(const std::string& replica, SessionKey session, MqttSubscription subscription, RoomsStep step,
                                Reply<RoomsPage> done) {
  return make_fenced_call<RoomsPage>(
      subscribe_sql, replica, std::move(done),
      [=, subscription = std::move(subscription), step = std::move(step)](Params& out, const Attempt& /*attempt*/) {
        out.int8(session.id).int8(static_cast<std::int64_t>(session.generation)).bytes(subscription.filter);
        out.int2(static_cast<std::int16_t>(subscription.qos)).int2(static_cast<std::int16_t>(options_of(subscription)));
        out.int8(subscription.identifier).boolean(subscription.keeps_cursors()).boolean(mqtt::is_shared(subscription.filter));
        postgres::encode(out, terms_of(matched_part(subscription.filter)));
        encode_step(out, step.after, step);
      },
      [](const Rows& rows) { return to_page(rows); });
}

std::unique_ptr<Call> unsubscribe(const std::string& replica, SessionKey session, std::vector<std::string> filters,
                                  Reply<std::vector<bool>> done) {
  return make_fenced_call<std::vector<bool>>(
      unsubscribe_sql, replica, std::move(done),
      [session, filters = std::move(filters)](Params& out, const Attempt& /*attempt*/) {
        out.int8(session.id).int8(static_cast<std::int64_t>(session.generation));
        out.array(Oid::bytes, filters.size(), [&](std::size_t i, Params& to) { to.bytes(filters[i]); });
      },
      [](const Rows& rows) -> Result<std::vector<bool>> {
        std::vector<bool> known;
        for (int row = 0; row < rows.count(); ++row) {
          if (rows.integer(row, 0) == 1) {
            known.push_back(rows.truth(row, 1));
          } else if (static_cast<MqttVerdict>(rows.integer(row, 1)) == MqttVerdict::lost) {
            return session_lost();
          }
        }
        return known;
      });
}

std::unique_ptr<Call> match_rooms(const std::string& filter, RoomsStep step, Reply<RoomsPage> done) {
  return make_call<RoomsPage>(
      match_sql, std::move(done),
      [terms = terms_of(filter), step = std::move(step)](Params& out) {
        postgres::encode(out, terms);
        encode_step(out, step.after, step);
      },
      [](const Rows& rows) { return to_page(rows); });
}

std::unique_ptr<Call> backlog(SessionKey session, RoomsStep step, Reply<RoomsPage> done) {
  return make_call<RoomsPage>(
      backlog_sql, std::move(done),
      [session, step = std::move(step)](Params& out) {
        const std::size_t nul = step.after.find('\0');
        out.int8(session.id).int8(static_cast<std::int64_t>(session.generation)).bytes(step.after.substr(0, nul));
        encode_step(out, nul == std::string::npos ? std::string() : step.after.substr(nul + 1), step);
      },
      [](const Rows& rows) { return to_page(rows); });
}

std::unique_ptr<Call> share_backlog(std::string filter, RoomsStep step, Reply<RoomsPage> done) {
  return make_call<RoomsPage>(
      share_backlog_sql, std::move(done),
      [filter = std::move(filter), step = std::move(step)](Params& out) {
        out.bytes(filter);
        postgres::encode(out, terms_of(matched_part(filter)));
        encode_step(out, step.after, step);
      },
      [](const Rows& rows) { return to_page(rows); });
}

}  // namespace parley::postgres
