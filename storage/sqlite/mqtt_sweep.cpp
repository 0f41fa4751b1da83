// What time has ended, in small steps (MqttStore::sweep).

#include "storage/sqlite/mqtt_session_row.h"
#include "storage/sqlite/mqtt_sessions.h"
#include "storage/sqlite/mqtt_subscriptions.h"

namespace parley::sqlite {

namespace {

// Rows that the step may still touch.
class Budget {
 public:
  explicit Budget(unsigned rows) : left_(rows) {}
  std::int64_t left() const { return left_; }
  void spend(std::int64_t rows) { left_ -= rows; }
  bool spent() const { return left_ <= 0; }

 private:
  std::int64_t left_;
};

std::vector<SessionKey> keys(Query& query) {
  std::vector<SessionKey> out;
  while (query.row()) out.push_back({query.integer(0), query.natural(1)});
  return out;
}

// Owners are few, their sessions many: from one to the next by the index.
std::vector<std::string> owners(Connection& connection) {
  std::vector<std::string> out;
  std::string after;
  for (;;) {
    Query query(connection, "SELECT min(owner) FROM mqtt_sessions WHERE owner IS NOT NULL AND owner>?", after);
    if (!query.row() || query.null(0)) return out;
    after = query.text(0);
    out.push_back(after);
  }
}

void lapse_owner(Connection& connection, const std::string& owner, UnixMs at, Budget& budget, Swept& swept) {
  std::vector<SessionKey> its;
  {
    Query query(connection, "SELECT id, generation FROM mqtt_sessions WHERE owner=? ORDER BY id LIMIT ?", owner, budget.left());
    its = keys(query);
  }
  for (const SessionKey key : its) {
    auto row = find_row(connection, key);
    if (!row) continue;
    swept.lapsed.push_back({row->key, row->client_id, row->owner});
    lapse_row(connection, *row, at);
  }
  budget.spend(static_cast<std::int64_t>(its.size()));
}

void end_expired(Connection& connection, UnixMs now, Budget& budget, Swept& swept) {
  std::vector<SessionKey> expired;
  {
    Query query(connection, "SELECT id, generation FROM mqtt_sessions WHERE expires<=? ORDER BY expires LIMIT ?", now,
                budget.left());
    expired = keys(query);
  }
  for (const SessionKey key : expired) {
    const auto row = find_row(connection, key);
    if (!row) continue;
    swept.ended.push_back({row->key, row->client_id, {}});
    end_row(connection, *row, now);
  }
  budget.spend(static_cast<std::int64_t>(expired.size()));
}

// What was an ended session's, a part at a time; at last its row.
void remove_ended(Connection& connection, Budget& budget) {
  std::vector<SessionKey> ended;
  {
    Query query(connection, "SELECT id, generation FROM mqtt_sessions WHERE client_id IS NULL ORDER BY id LIMIT ?",
                budget.left());
    ended = keys(query);
  }
  const auto remove = [&](const char* sql, SessionId session) {
    Query(connection, sql, session, std::max<std::int64_t>(budget.left(), 0)).run();
    budget.spend(sqlite3_changes64(connection.handle()));
  };
  for (const SessionKey key : ended) {
    remove("DELETE FROM mqtt_cursors WHERE session=?1 AND room IN (SELECT room FROM mqtt_cursors WHERE session=?1 LIMIT ?2)",
           key.id);
    remove(
        "DELETE FROM mqtt_subscriptions WHERE session=?1 AND filter IN (SELECT filter FROM mqtt_subscriptions WHERE session=?1 "
        "LIMIT ?2)",
        key.id);
    remove(
        "DELETE FROM mqtt_outbound WHERE session=?1 AND packet_id IN (SELECT packet_id FROM mqtt_outbound WHERE session=?1 LIMIT "
        "?2)",
        key.id);
    remove(
        "DELETE FROM mqtt_inbound WHERE session=?1 AND packet_id IN (SELECT packet_id FROM mqtt_inbound WHERE session=?1 LIMIT "
        "?2)",
        key.id);
    if (budget.spent()) return;  // there may be more
    Query(connection, "DELETE FROM mqtt_sessions WHERE id=?", key.id).run();
    budget.spend(1);
  }
}

void tidy(Connection& connection, Budget& budget) {
  while (!budget.spent()) {
    SessionId session = 0;
    RoomId from = 0;
    {
      Query query(connection, "SELECT id, untidy FROM mqtt_sessions WHERE untidy IS NOT NULL LIMIT 1");
      if (!query.row()) return;
      session = query.integer(0);
      from = query.integer(1);
    }
    budget.spend(1 + tidy_cursors(connection, session, from, static_cast<unsigned>(budget.left())));
  }
}

}  // namespace

Result<Swept> sweep_sessions(Connection& connection, UnixMs now, unsigned rows_max) {
  Swept swept;
  Budget budget(rows_max);
  for (const std::string& owner : owners(connection)) {
    const auto at = lease_end(connection, owner, now);
    if (at && !budget.spent()) lapse_owner(connection, owner, *at, budget, swept);
  }
  Query(connection,
        "DELETE FROM mqtt_owners WHERE until<=? AND NOT EXISTS (SELECT 1 FROM mqtt_sessions s WHERE s.owner=mqtt_owners.owner)",
        now)
      .run();
  if (!budget.spent()) end_expired(connection, now, budget, swept);
  if (!budget.spent()) remove_ended(connection, budget);
  if (!budget.spent()) tidy(connection, budget);
  swept.more = budget.spent();
  return swept;
}

}  // namespace parley::sqlite
