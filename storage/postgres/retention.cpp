#include "storage/postgres/retention.h"

#include <algorithm>

namespace parley::postgres {

namespace {

// Rooms of which something is to go, and their new floors. $1: entries a room may have, 0 for no limit; $2: whether there is a
// limit of age; $3: the time before which an entry is too old; $4: entries of one step; $5: entries over the limits that are kept
// for the cursors of MQTT sessions.
constexpr const char* plan_sql =
    "SELECT p.id, p.floor, least(p.upto, p.floor + $4::int8) FROM (SELECT o.id, o.floor, least(o.wanted, greatest("
    "mqtt_lowest_wanted(o.id, o.name, o.head), o.wanted - $5::int8)) AS upto FROM (SELECT r.id, r.name, r.floor, r.head, "
    "greatest("
    "CASE WHEN $1::int8 > 0 THEN r.head + 1 - $1::int8 ELSE 0 END, r.floor + CASE WHEN $2::bool THEN (SELECT count(*) FROM "
    "(SELECT "
    "e.ts FROM entries e WHERE e.room = r.id AND e.seq >= r.floor ORDER BY e.seq LIMIT $4::int8) o WHERE o.ts < $3::int8) ELSE 0 "
    "END) AS wanted FROM room_state r WHERE r.head >= r.floor AND (($1::int8 > 0 AND r.head - r.floor + 1 > $1::int8) OR "
    "($2::bool "
    "AND EXISTS (SELECT FROM entries e WHERE e.room = r.id AND e.seq = r.floor AND e.ts < $3::int8))) OFFSET 0) o OFFSET 0) p "
    "WHERE p.upto > p.floor LIMIT $4::int8";
constexpr const char* prune_sql = "SELECT room, floor FROM prune_rooms($1, $2)";
constexpr const char* rest_sql = "SELECT prune_rest($1, $2, $3)";

}  // namespace

std::unique_ptr<Call> plan_pruning(Retention retention, UnixMs now, Reply<std::vector<Pruned>> done) {
  return make_call<std::vector<Pruned>>(
      plan_sql, std::move(done),
      [retention, now](Params& out) {
        out.int8(static_cast<std::int64_t>(retention.entries_max)).boolean(retention.age_max_ms != 0);
        out.int8(now - retention.age_max_ms).int8(retention.rows_max);
        out.int8(static_cast<std::int64_t>(std::min<std::uint64_t>(retention.held_entries_max, INT64_MAX / 2)));
      },
      [retention](const Rows& rows) -> Result<std::vector<Pruned>> {
        std::vector<Pruned> plan;
        std::uint64_t left = retention.rows_max;
        for (int row = 0; row < rows.count() && left > 0; ++row) {
          const Seq floor = rows.natural(row, 1);
          const Seq gone = std::min<Seq>(rows.natural(row, 2) - floor, left);
          if (gone == 0) continue;
          plan.push_back({rows.integer(row, 0), floor + gone});
          left -= gone;
        }
        return plan;
      });
}

std::unique_ptr<Call> prune_rooms(std::vector<Pruned> plan, Reply<std::vector<Pruned>> done) {
  return make_call<std::vector<Pruned>>(
      prune_sql, std::move(done),
      [plan = std::move(plan)](Params& out) {
        out.array(Oid::int8, plan.size(), [&](std::size_t i, Params& to) { to.int8(plan[i].room); });
        out.array(Oid::int8, plan.size(), [&](std::size_t i, Params& to) { to.int8(static_cast<std::int64_t>(plan[i].floor)); });
      },
      [](const Rows& rows) -> Result<std::vector<Pruned>> {
        std::vector<Pruned> moved;
        moved.reserve(static_cast<std::size_t>(rows.count()));
        for (int row = 0; row < rows.count(); ++row) moved.push_back({rows.integer(row, 0), rows.natural(row, 1)});
        return moved;
      });
}

std::unique_ptr<Call> prune_rest(UnixMs now, UnixMs moves_before, unsigned rows_max, Reply<Nothing> done) {
  return make_call<Nothing>(
      rest_sql, std::move(done),
      [=](Params& out) { out.int8(now).int8(moves_before).int4(static_cast<std::int32_t>(std::min(rows_max, 1'000'000U))); },
      [](const Rows& /*rows*/) { return ok_status(); });
}

}  // namespace parley::postgres
