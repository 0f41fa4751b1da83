#include "storage/postgres/history.h"

#include <algorithm>

namespace parley::postgres {

namespace {

#define PARLEY_ENTRY_COLUMNS                                                                                                     \
  "e.seq, e.ts, e.type, e.payload, e.flags, e.target, e.messages, e.user_id, e.user_name, e.cid, e.content_type, e.properties, " \
  "e.body, e.expires"
#define PARLEY_ENTRY_BYTES                                                                          \
  "($5 + octet_length(e.user_id) + octet_length(e.user_name) + coalesce(octet_length(e.cid), 0) + " \
  "coalesce(octet_length(e.content_type), 0) + coalesce(octet_length(e.properties), 0) + octet_length(e.body))"

// One row at least, with the room's head and floor; NULL entries where there are none. An entry comes along when it still fits,
// and the first always.
constexpr const char* read_sql =
    "SELECT r.head, r.floor, " PARLEY_ENTRY_COLUMNS
    " FROM room_state r LEFT JOIN LATERAL ("
    "SELECT * FROM (SELECT e.*, sum(" PARLEY_ENTRY_BYTES
    ") OVER w AS bytes, row_number() OVER w AS place FROM entries e WHERE e.room = r.id AND e.seq > $2::int8 "
    "WINDOW w AS (ORDER BY e.seq ROWS UNBOUNDED PRECEDING) ORDER BY e.seq LIMIT $3::int8) sized WHERE place = 1 OR bytes <= "
    "$4::int8) e ON true "
    "WHERE r.id = $1::int8 ORDER BY e.seq";

#define PARLEY_HISTORY(CONDITION, ORDER)                                                                                        \
  "WITH room AS (SELECT id, head, floor FROM room_state WHERE id = $1::int8), "                                                 \
  "items AS MATERIALIZED (SELECT e.* FROM entries e WHERE e.room = $1::int8 AND " CONDITION                                     \
  " AND e.type NOT IN (2, 3, 4) ORDER BY e.seq " ORDER                                                                          \
  " LIMIT $3::int8) "                                                                                                           \
  "SELECT 0 AS kind, head, floor, 0, 0::int2, 0::int2, 0::int2, 0::int8, 0::int8, ''::bytea, ''::bytea, ''::bytea, ''::bytea, " \
  "''::bytea, ''::bytea, 0::int8 AS place, 0::int8 FROM room "                                                                  \
  "UNION ALL SELECT 1, 0, 0, e.ts, e.type, e.payload, e.flags, e.target, e.messages, e.user_id, e.user_name, e.cid, "           \
  "e.content_type, e.properties, e.body, e.seq, e.expires FROM items e "                                                        \
  "UNION ALL SELECT 2, x.target, x.seq, 0, 0, 0, 0, 0, 0, x.user_id, x.user_name, x.key, NULL, NULL, NULL, x.seq, NULL FROM "   \
  "reactions x "                                                                                                                \
  "WHERE x.room = $1::int8 AND x.target BETWEEN (SELECT min(seq) FROM items) AND (SELECT max(seq) FROM items) "                 \
  "ORDER BY kind, place"

constexpr const char* history_before_sql = PARLEY_HISTORY("e.seq < $2::int8", "DESC");
constexpr const char* history_after_sql = PARLEY_HISTORY("e.seq > $2::int8", "ASC");

constexpr int flag_edited = 1;
constexpr int flag_deleted = 2;

// Where the columns of an entry are in a row: seq and expires apart, ts and what follows it together.
EntryPtr to_entry(const Rows& rows, int row, RoomId room, int seq, int first, int expires) {
  auto entry = std::make_shared<Entry>();
  entry->room = room;
  entry->seq = rows.natural(row, seq);
  entry->ts = rows.integer(row, first);
  entry->type = static_cast<EntryType>(rows.integer(row, first + 1));
  entry->payload = static_cast<Payload>(rows.integer(row, first + 2));
  entry->edited = (rows.integer(row, first + 3) & flag_edited) != 0;
  entry->deleted = (rows.integer(row, first + 3) & flag_deleted) != 0;
  entry->target = rows.natural(row, first + 4);
  entry->messages = rows.natural(row, first + 5);
  entry->user_id = rows.text(row, first + 6);
  entry->user_name = rows.text(row, first + 7);
  entry->cid = rows.text(row, first + 8);
  entry->content_type = rows.text(row, first + 9);
  entry->properties = rows.text(row, first + 10);
  entry->body = rows.text(row, first + 11);
  entry->expires = rows.integer(row, expires);
  return entry;
}

std::int64_t clamp(Seq seq) { return static_cast<std::int64_t>(std::min<Seq>(seq, INT64_MAX)); }

Error no_room() { return {Code::not_found, "no such room"}; }

// The rows of reactions come in the order in which they were set.
void fold_reaction(const Rows& rows, int row, const std::string& viewer, std::vector<HistoryItem>& items) {
  const Seq target = rows.natural(row, 1);
  const auto item = std::lower_bound(items.begin(), items.end(), target,
                                     [](const HistoryItem& each, Seq seq) { return each.entry->seq < seq; });
  if (item == items.end() || item->entry->seq != target) return;
  auto& folded = item->reactions;
  const std::string_view key = rows.view(row, 11);
  auto place = std::find_if(folded.begin(), folded.end(), [&](const Reaction& each) { return each.key == key; });
  if (place == folded.end()) place = folded.insert(folded.end(), Reaction{std::string(key), 0, false, {}});
  ++place->count;
  place->mine = place->mine || rows.view(row, 9) == viewer;
  if (place->names.size() < 10) place->names.push_back(rows.text(row, 10));
}

Result<HistoryPage> to_history(const Rows& rows, const HistoryQuery& query, bool forward) {
  if (rows.empty()) return no_room();
  HistoryPage page;
  page.as_of = rows.natural(0, 1);
  page.floor = rows.natural(0, 2);
  int row = 1;
  for (; row < rows.count() && rows.integer(row, 0) == 1; ++row)
    page.items.push_back({to_entry(rows, row, query.room, 15, 3, 16), {}});
  page.more = page.items.size() > query.limit;
  if (page.more) page.items.erase(forward ? page.items.end() - 1 : page.items.begin());
  for (; row < rows.count(); ++row) fold_reaction(rows, row, query.viewer, page.items);
  return page;
}

}  // namespace

std::unique_ptr<Call> read_log(RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max, Reply<LogPage> done) {
  return make_call<LogPage>(
      read_sql, std::move(done),
      [=](Params& out) {
        out.int8(room).int8(clamp(after)).int8(entries_max).int8(static_cast<std::int64_t>(bytes_max)).int4(sizeof(Entry));
      },
      [room](const Rows& rows) -> Result<LogPage> {
        if (rows.empty()) return no_room();
        LogPage page;
        page.head = rows.natural(0, 0);
        page.floor = rows.natural(0, 1);
        for (int row = 0; row < rows.count() && !rows.null(row, 2); ++row)
          page.entries.push_back(to_entry(rows, row, room, 2, 3, 15));
        return page;
      });
}

std::unique_ptr<Call> read_history(HistoryQuery query, Reply<HistoryPage> done) {
  const bool forward = query.before == 0 && query.has_after;
  const std::int64_t bound = forward ? clamp(query.after) : query.before == 0 ? INT64_MAX : clamp(query.before);
  return make_call<HistoryPage>(
      forward ? history_after_sql : history_before_sql, std::move(done),
      // One more says whether there is more.
      [room = query.room, bound, limit = query.limit](Params& out) { out.int8(room).int8(bound).int8(std::int64_t{limit} + 1); },
      [query, forward](const Rows& rows) { return to_history(rows, query, forward); });
}

}  // namespace parley::postgres
