#include "storage/sqlite/mqtt_delivery.h"

#include "storage/seq_set.h"
#include "storage/sqlite/mqtt_sessions.h"
#include "storage/sqlite/mqtt_shares.h"

namespace parley::sqlite {

namespace {

void save_cursor(Connection& connection, SessionId session, const SessionCursor& cursor) {
  const std::string above = encode_seqs(cursor.above);
  Query(connection,
        "INSERT INTO mqtt_cursors(room, session, low, above) VALUES(?,?,?,?) ON CONFLICT DO UPDATE SET low=excluded.low, "
        "above=excluded.above",
        cursor.room, session, cursor.low, Nullable{above})
      .run();
}

void save_outbound(Connection& connection, SessionId session, const Outbound& outbound) {
  Query(connection, "INSERT OR REPLACE INTO mqtt_outbound(session, packet_id, state, room, seq, sent) VALUES(?,?,?,?,?,?)",
        session, static_cast<int>(outbound.packet_id), static_cast<int>(outbound.state), outbound.room, outbound.seq,
        outbound.order)
      .run();
}

Status save_one(Connection& connection, const SessionSave& save) {
  if (auto status = check_session(connection, save.session); !status.ok()) return status;
  const SessionId session = save.session.id;
  for (const SessionCursor& cursor : save.cursors) save_cursor(connection, session, cursor);
  for (const std::uint16_t id : save.outbound_done) {
    Query(connection, "DELETE FROM mqtt_outbound WHERE session=? AND packet_id=?", session, static_cast<int>(id)).run();
  }
  for (const Outbound& outbound : save.outbound) save_outbound(connection, session, outbound);
  for (const std::uint16_t id : save.inbound_done) {
    Query(connection, "DELETE FROM mqtt_inbound WHERE session=? AND packet_id=?", session, static_cast<int>(id)).run();
  }
  for (const std::uint16_t id : save.inbound_held) put_inbound(connection, {save.session, id}, {});
  const bool others = save.shares_of.id != 0;
  if (others && !check_session(connection, save.shares_of).ok()) return ok_status();
  for (const ShareProgress& progress : save.shares) make_progress(connection, others ? save.shares_of.id : session, progress);
  return ok_status();
}

Result<std::vector<SeqRange>> claim_one(Connection& connection, const ClaimRequest& request) {
  if (auto status = check_session(connection, request.session); !status.ok()) return status.error();
  bool subscribed = false;
  {
    Query query(connection, "SELECT 1 FROM mqtt_subscriptions WHERE session=? AND filter=?", request.session.id, request.filter);
    subscribed = query.row();
  }
  Seq head = 0;
  {
    Query query(connection, "SELECT head FROM room_state WHERE id=?", request.room);
    if (!query.row() || !subscribed) return {Code::not_found, "no such subscription"};
    head = query.natural(0);
  }
  const ShareGroup group = find_group(connection, request.filter);
  return claim_range(connection, group.id, request.room, request.session.id, head, request.entries_max);
}

}  // namespace

Result<std::vector<Status>> save_sessions(Connection& connection, const std::vector<SessionSave>& saves) {
  std::vector<Status> out;
  out.reserve(saves.size());
  for (const SessionSave& save : saves) out.push_back(save_one(connection, save));
  return out;
}

Result<std::vector<Result<std::vector<SeqRange>>>> claim_entries(Connection& connection,
                                                                 const std::vector<ClaimRequest>& requests) {
  std::vector<Result<std::vector<SeqRange>>> out;
  out.reserve(requests.size());
  for (const ClaimRequest& request : requests) out.push_back(claim_one(connection, request));
  return out;
}

Result<std::vector<ShareClaims>> list_claims(Connection& connection, SessionKey key) {
  if (auto status = check_session(connection, key); !status.ok()) return status.error();
  return claims_of(connection, key.id);
}

std::optional<Result<Appended>> find_inbound(Connection& connection, const InboundPacket& packet) {
  if (auto status = check_session(connection, packet.session); !status.ok()) return Result<Appended>(status.error());
  Query query(connection, "SELECT seq, ts, messages FROM mqtt_inbound WHERE session=? AND packet_id=?", packet.session.id,
              static_cast<int>(packet.packet_id));
  if (!query.row()) return std::nullopt;
  return Result<Appended>(Appended{query.natural(0), query.integer(1), query.natural(2), true});
}

void put_inbound(Connection& connection, const InboundPacket& packet, const Appended& appended) {
  Query(connection, "INSERT INTO mqtt_inbound(session, packet_id, seq, ts, messages) VALUES(?,?,?,?,?) ON CONFLICT DO NOTHING",
        packet.session.id, static_cast<int>(packet.packet_id), appended.seq, appended.ts, appended.messages)
      .run();
}

}  // namespace parley::sqlite
