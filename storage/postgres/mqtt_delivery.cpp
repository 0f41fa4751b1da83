#include "storage/postgres/mqtt_delivery.h"

#include "storage/postgres/mqtt_sessions.h"
#include "storage/seq_set.h"

namespace parley::postgres {

namespace {

constexpr const char* save_sql =
    "SELECT mqtt_save($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27,$28)";
constexpr const char* claim_sql = "SELECT kind, n1, n2, n3 FROM mqtt_claim($1,$2,$3,$4,$5,$6,$7,$8,$9)";
// One row at least where the session is the caller's.
constexpr const char* claims_sql =
    "SELECT g.filter, c.room, c.first, c.last FROM mqtt_sessions s LEFT JOIN (mqtt_claims c JOIN mqtt_groups g ON g.id = "
    "c.group_id) ON c.session = s.id WHERE s.id = $1::int8 AND s.generation = $2::int8 AND s.client_id IS NOT NULL ORDER BY "
    "g.filter, c.room, c.first";

void append_range(std::vector<SeqRange>& ranges, SeqRange range) {
  if (!ranges.empty() && ranges.back().last + 1 == range.first) {
    ranges.back().last = range.last;
  } else {
    ranges.push_back(range);
  }
}

std::int64_t to_int8(std::uint64_t value) { return static_cast<std::int64_t>(value); }

// The elements of all saves, one after the other: an array that says where each save's end, and one for each column.
template <typename T>
class Flat {
 public:
  Flat(const std::vector<SessionSave>& saves, std::vector<T> SessionSave::*part) {
    for (const SessionSave& save : saves) {
      for (const T& each : save.*part) all_.push_back(&each);
      ends_.push_back(static_cast<std::int32_t>(all_.size()));
    }
  }
  void ends(Params& out) const {
    out.array(Oid::int4, ends_.size(), [&](std::size_t i, Params& to) { to.int4(ends_[i]); });
  }
  template <typename Add>
  void column(Params& out, Oid type, Add add) const {
    out.array(type, all_.size(), [&](std::size_t i, Params& to) { add(*all_[i], to); });
  }

 private:
  std::vector<const T*> all_;
  std::vector<std::int32_t> ends_;
};

void encode_ids(Params& out, const std::vector<SessionSave>& saves, std::vector<std::uint16_t> SessionSave::*part) {
  const Flat<std::uint16_t> ids(saves, part);
  ids.ends(out);
  ids.column(out, Oid::int4, [](std::uint16_t id, Params& to) { to.int4(id); });
}

void encode_outbound(Params& out, const std::vector<SessionSave>& saves) {
  const Flat<Outbound> outbound(saves, &SessionSave::outbound);
  outbound.ends(out);
  outbound.column(out, Oid::int4, [](const Outbound& each, Params& to) { to.int4(each.packet_id); });
  outbound.column(out, Oid::int2, [](const Outbound& each, Params& to) { to.int2(static_cast<std::int16_t>(each.state)); });
  outbound.column(out, Oid::int8, [](const Outbound& each, Params& to) { to.int8(each.room); });
  outbound.column(out, Oid::int8, [](const Outbound& each, Params& to) { to.int8(to_int8(each.seq)); });
  outbound.column(out, Oid::int8, [](const Outbound& each, Params& to) { to.int8(to_int8(each.order)); });
}

struct Progress {
  SessionKey session;
  const ShareProgress* of;
  SeqRange range;
  bool returned;
};

void encode_shares(Params& out, const std::vector<SessionSave>& saves) {
  std::vector<Progress> all;
  std::vector<std::int32_t> ends;
  for (const SessionSave& save : saves) {
    const SessionKey session = save.shares_of.id != 0 ? save.shares_of : save.session;
    for (const ShareProgress& each : save.shares) {
      for (const SeqRange& range : each.done) all.push_back({session, &each, range, false});
      for (const SeqRange& range : each.returned) all.push_back({session, &each, range, true});
    }
    ends.push_back(static_cast<std::int32_t>(all.size()));
  }
  out.array(Oid::int4, ends.size(), [&](std::size_t i, Params& to) { to.int4(ends[i]); });
  out.array(Oid::int8, all.size(), [&](std::size_t i, Params& to) { to.int8(all[i].session.id); });
  out.array(Oid::int8, all.size(), [&](std::size_t i, Params& to) { to.int8(to_int8(all[i].session.generation)); });
  out.array(Oid::bytes, all.size(), [&](std::size_t i, Params& to) { to.bytes(all[i].of->filter); });
  out.array(Oid::int8, all.size(), [&](std::size_t i, Params& to) { to.int8(all[i].of->room); });
  out.array(Oid::int8, all.size(), [&](std::size_t i, Params& to) { to.int8(to_int8(all[i].range.first)); });
  out.array(Oid::int8, all.size(), [&](std::size_t i, Params& to) { to.int8(to_int8(all[i].range.last)); });
  out.array(Oid::boolean, all.size(), [&](std::size_t i, Params& to) { to.boolean(all[i].returned); });
}

void encode_saves(Params& out, const std::vector<SessionSave>& saves) {
  out.array(Oid::int8, saves.size(), [&](std::size_t i, Params& to) { to.int8(saves[i].session.id); });
  out.array(Oid::int8, saves.size(), [&](std::size_t i, Params& to) { to.int8(to_int8(saves[i].session.generation)); });
  const Flat<SessionCursor> cursors(saves, &SessionSave::cursors);
  cursors.ends(out);
  cursors.column(out, Oid::int8, [](const SessionCursor& each, Params& to) { to.int8(each.room); });
  cursors.column(out, Oid::int8, [](const SessionCursor& each, Params& to) { to.int8(to_int8(each.low)); });
  cursors.column(out, Oid::bytes, [](const SessionCursor& each, Params& to) { to.bytes_or_null(encode_seqs(each.above)); });
  encode_ids(out, saves, &SessionSave::outbound_done);
  encode_outbound(out, saves);
  encode_ids(out, saves, &SessionSave::inbound_done);
  encode_ids(out, saves, &SessionSave::inbound_held);
  encode_shares(out, saves);
}

}  // namespace

std::unique_ptr<Call> save_sessions(const std::string& replica, std::vector<SessionSave> saves, Reply<std::vector<Status>> done) {
  return make_fenced_call<std::vector<Status>>(
      save_sql, replica, std::move(done),
      [saves = std::move(saves)](Params& out, const Attempt& /*attempt*/) { encode_saves(out, saves); },
      [](const Rows& rows) -> Result<std::vector<Status>> {
        std::vector<Status> out;
        for (const std::int64_t taken : rows.integers(0, 0)) out.push_back(taken != 0 ? ok_status() : Status(session_lost()));
        return out;
      });
}

std::unique_ptr<Call> claim_entries(const std::string& replica, std::vector<ClaimRequest> requests, std::string token,
                                    Reply<std::vector<Result<std::vector<SeqRange>>>> done) {
  using Answers = std::vector<Result<std::vector<SeqRange>>>;
  const std::size_t count = requests.size();
  return make_fenced_call<Answers>(
      claim_sql, replica, std::move(done),
      [requests = std::move(requests), token = std::move(token)](Params& out, const Attempt& attempt) {
        const std::size_t size = requests.size();
        out.boolean(attempt.again).bytes(token);
        out.array(Oid::int8, size, [&](std::size_t i, Params& to) { to.int8(requests[i].session.id); });
        out.array(Oid::int8, size, [&](std::size_t i, Params& to) { to.int8(to_int8(requests[i].session.generation)); });
        out.array(Oid::bytes, size, [&](std::size_t i, Params& to) { to.bytes(requests[i].filter); });
        out.array(Oid::int8, size, [&](std::size_t i, Params& to) { to.int8(requests[i].room); });
        out.array(Oid::int8, size, [&](std::size_t i, Params& to) { to.int8(requests[i].entries_max); });
      },
      [count](const Rows& rows) -> Result<Answers> {
        Answers answers(count, Result<std::vector<SeqRange>>(std::vector<SeqRange>()));
        for (int row = 0; row < rows.count(); ++row) {
          auto& answer = answers[static_cast<std::size_t>(rows.integer(row, 1) - 1)];
          if (rows.integer(row, 0) == 1) {
            append_range(*answer, {rows.natural(row, 2), rows.natural(row, 3)});
            continue;
          }
          const auto verdict = static_cast<MqttVerdict>(rows.integer(row, 2));
          if (verdict == MqttVerdict::lost) answer = session_lost();
          if (verdict == MqttVerdict::not_found) answer = Error{Code::not_found, "no such subscription"};
        }
        return answers;
      });
}

std::unique_ptr<Call> list_claims(SessionKey session, Reply<std::vector<ShareClaims>> done) {
  return make_call<std::vector<ShareClaims>>(
      claims_sql, std::move(done), [session](Params& out) { out.int8(session.id).int8(to_int8(session.generation)); },
      [](const Rows& rows) -> Result<std::vector<ShareClaims>> {
        if (rows.empty()) return session_lost();
        std::vector<ShareClaims> claims;
        for (int row = 0; row < rows.count() && !rows.null(row, 0); ++row) {
          if (claims.empty() || claims.back().filter != rows.view(row, 0) || claims.back().room != rows.integer(row, 1)) {
            claims.push_back({rows.text(row, 0), rows.integer(row, 1), {}});
          }
          append_range(claims.back().ranges, {rows.natural(row, 2), rows.natural(row, 3)});
        }
        return claims;
      });
}

}  // namespace parley::postgres
