#include "storage/sqlite/append.h"

#include <algorithm>

#include "storage/fingerprint.h"
#include "storage/sqlite/effects.h"
#include "storage/sqlite/mqtt_delivery.h"
#include "storage/sqlite/mqtt_wills.h"
#include "storage/sqlite/retained.h"

namespace parley::sqlite {

namespace {

// The entry with this cid, if there is one: a duplicate or a conflict. not_found when there is none.
Result<Appended> find_repeat(Connection& connection, const NewEntry& entry, std::string_view fingerprint) {
  Query query(connection, "SELECT seq, ts, messages, fingerprint FROM entries WHERE room=? AND user_id=? AND cid=?", entry.room,
              entry.user_id, entry.cid);
  if (!query.row()) return {Code::not_found, "no entry with this cid"};
  const bool known = !query.null(3);  // gone with the body of a deleted entry: then every repeat is a duplicate
  if (known && query.view(3) != fingerprint) return {Code::conflict, "this cid was used for another entry"};
  return Appended{query.natural(0), query.integer(1), query.natural(2), true};
}

// False when (room, user, cid) is there already.
bool insert(Connection& connection, const NewEntry& entry, const Head& next, std::string_view fingerprint) {
  Query query(connection,
              "INSERT INTO entries(room, seq, ts, type, payload, flags, target, messages, user_id, user_name, cid, fingerprint, "
              "content_type, properties, body, expires) VALUES(?,?,?,?,?,0,?,?,?,?,?,?,?,?,?,?)",
              entry.room, next.seq, next.ts, static_cast<int>(entry.type), static_cast<int>(entry.payload), entry.target,
              next.messages, entry.user_id, entry.user_name, Nullable{entry.cid}, Nullable{fingerprint},
              Nullable{entry.content_type}, Nullable{entry.properties}, entry.body, NullableNumber{entry.expires});
  bool repeated = false;
  query.run_unless_repeated(repeated);
  return !repeated;
}

// What MQTT has to say before: an answer that makes the append needless or wrong; nullopt to go on.
std::optional<Result<Appended>> check_mqtt(Connection& connection, const NewEntry& entry) {
  if (entry.inbound) {
    if (auto known = find_inbound(connection, *entry.inbound)) return known;
  }
  if (entry.will != 0 && !has_will(connection, entry.will)) {
    return Result<Appended>(Code::conflict, "the will is gone: fired or taken back");
  }
  return std::nullopt;
}

void apply_mqtt(Connection& connection, const NewEntry& entry, const Appended& appended) {
  if (entry.inbound) put_inbound(connection, *entry.inbound, appended);
  if (entry.will != 0) (void)take_will(connection, entry.will);
  if (entry.retain && !appended.duplicate) retain(connection, entry, appended);
}

Result<Appended> append_one(Connection& connection, Heads& heads, const NewEntry& entry, UnixMs now, std::size_t bytes_max) {
  Head* head = heads.find(connection, entry.room);
  if (head == nullptr) return {Code::not_found, "no such room"};
  if (content_bytes(entry) > bytes_max) return {Code::too_large, "the entry is larger than the store takes"};
  if (auto instead = check_mqtt(connection, entry)) return *instead;
  std::string_view fingerprint;
  std::optional<Digest> hash;
  if (!entry.cid.empty()) fingerprint = hash.emplace(fingerprint_of(entry)).bytes();

  const bool effects = has_effects(entry);
  if (effects) {
    // A repeat must be known before the target is looked at: a delete sent twice would find its target deleted.
    if (!entry.cid.empty()) {
      auto repeat = find_repeat(connection, entry, fingerprint);
      if (repeat.ok()) apply_mqtt(connection, entry, *repeat);
      if (repeat.ok() || repeat.error().code != Code::not_found) return repeat;
    }
    if (auto status = check_effects(connection, entry); !status.ok()) return status.error();
  }
  const Head next{head->seq + 1, head->messages + (entry.type == EntryType::message ? 1U : 0U), std::max(head->ts, now)};
  if (!insert(connection, entry, next, fingerprint)) {
    auto repeat = find_repeat(connection, entry, fingerprint);
    if (!repeat.ok() && repeat.error().code == Code::not_found)
      connection.fail(SQLITE_CORRUPT);  // not the cid: the number was there
    if (repeat.ok()) apply_mqtt(connection, entry, *repeat);
    return repeat;
  }
  heads.touch(entry.room, *head);
  *head = next;
  if (effects) apply_effects(connection, entry, next.seq, next.ts);
  const Appended appended{next.seq, next.ts, next.messages, false};
  apply_mqtt(connection, entry, appended);
  return appended;
}

// As append_one, but a failure that only the entry's data can have caused undoes and refuses this entry alone.
Result<Appended> append_carefully(Connection& connection, Heads& heads, const NewEntry& entry, UnixMs now,
                                  std::size_t bytes_max) {
  const Head* head = heads.find(connection, entry.room);
  const Head before = head == nullptr ? Head{} : *head;
  connection.execute("SAVEPOINT entry");
  auto result = append_one(connection, heads, entry, now, bytes_max);
  if (connection.failed() && Connection::is_data_error(connection.error_code())) {
    result = Error{Code::internal, "the store refused the entry: " + connection.error_text()};
    connection.clear_error();
    connection.execute("ROLLBACK TO entry");
    if (Head* place = heads.find(connection, entry.room)) *place = before;
  }
  connection.execute("RELEASE entry");
  return result;
}

}  // namespace

std::vector<Result<Appended>> append_batch(Connection& connection, Heads& heads, const std::vector<NewEntry>& batch, UnixMs now,
                                           AppendLimits limits) {
  std::vector<Result<Appended>> results;
  results.reserve(batch.size());
  for (const NewEntry& entry : batch) {
    results.push_back(limits.careful ? append_carefully(connection, heads, entry, now, limits.entry_bytes_max)
                                     : append_one(connection, heads, entry, now, limits.entry_bytes_max));
    if (connection.failed()) break;
  }
  return results;
}

}  // namespace parley::sqlite
