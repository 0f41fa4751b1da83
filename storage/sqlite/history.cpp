#include "storage/sqlite/history.h"

#include <algorithm>

#include "storage/sqlite/effects.h"

#define PARLEY_ENTRY_COLUMNS \
  "seq, ts, type, payload, flags, target, messages, user_id, user_name, cid, content_type, properties, body, expires"

namespace parley::sqlite {

namespace {

EntryPtr to_entry(const Query& query, RoomId room) {
  auto entry = std::make_shared<Entry>();
  entry->room = room;
  entry->seq = query.natural(0);
  entry->ts = query.integer(1);
  entry->type = static_cast<EntryType>(query.integer(2));
  entry->payload = static_cast<Payload>(query.integer(3));
  entry->edited = (query.integer(4) & flag_edited) != 0;
  entry->deleted = (query.integer(4) & flag_deleted) != 0;
  entry->target = query.natural(5);
  entry->messages = query.natural(6);
  entry->user_id = query.text(7);
  entry->user_name = query.text(8);
  entry->cid = query.text(9);
  entry->content_type = query.text(10);
  entry->properties = query.text(11);
  entry->body = query.text(12);
  entry->expires = query.integer(13);
  return entry;
}

struct Span {
  Seq head = 0;
  Seq floor = 1;
};

Result<Span> find_span(Connection& connection, RoomId room) {
  Query query(connection, "SELECT head, floor FROM room_state WHERE id=?", room);
  if (!query.row()) return {Code::not_found, "no such room"};
  return Span{query.natural(0), query.natural(1)};
}

void collect(Query& query, RoomId room, std::vector<HistoryItem>& items) {
  while (query.row()) items.push_back({to_entry(query, room), {}});
}

// The rows come by target and then in the order in which they were set, as the items are: one pass over both.
void fold_reactions(Connection& connection, const HistoryQuery& wanted, std::vector<HistoryItem>& items) {
  if (items.empty()) return;
  Query query(
      connection,
      "SELECT target, key, user_id, user_name FROM reactions WHERE room=? AND target BETWEEN ? AND ? ORDER BY target, seq",
      wanted.room, items.front().entry->seq, items.back().entry->seq);
  auto item = items.begin();
  while (query.row()) {
    const Seq target = query.natural(0);
    while (item != items.end() && item->entry->seq < target) ++item;
    if (item == items.end()) break;
    if (item->entry->seq != target) continue;
    auto& folded = item->reactions;
    const std::string_view key = query.view(1);
    auto place = std::find_if(folded.begin(), folded.end(), [&](const Reaction& each) { return each.key == key; });
    if (place == folded.end()) place = folded.insert(folded.end(), Reaction{std::string(key), 0, false, {}});
    ++place->count;
    place->mine = place->mine || query.view(2) == wanted.viewer;
    if (place->names.size() < 10) place->names.push_back(query.text(3));
  }
}

}  // namespace

Result<LogPage> read_log(Connection& connection, RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max) {
  auto span = find_span(connection, room);
  if (!span.ok()) return span.error();
  LogPage page;
  page.head = span->head;
  page.floor = span->floor;
  Query query(connection, "SELECT " PARLEY_ENTRY_COLUMNS " FROM entries WHERE room=? AND seq>? ORDER BY seq LIMIT ?", room,
              std::min<Seq>(after, INT64_MAX), entries_max);
  std::size_t bytes = 0;
  while (query.row()) {
    EntryPtr entry = to_entry(query, room);
    bytes += entry->footprint();
    if (bytes > bytes_max && !page.entries.empty()) break;
    page.entries.push_back(std::move(entry));
  }
  return page;
}

Result<HistoryPage> read_history(Connection& connection, const HistoryQuery& wanted) {
  auto span = find_span(connection, wanted.room);
  if (!span.ok()) return span.error();
  HistoryPage page;
  page.as_of = span->head;
  page.floor = span->floor;
  const bool forward = wanted.before == 0 && wanted.has_after;
  const std::uint64_t limit = std::uint64_t{wanted.limit} + 1;  // one more says whether there is more
  if (forward) {
    Query query(connection,
                "SELECT " PARLEY_ENTRY_COLUMNS
                " FROM entries WHERE room=? AND seq>? AND type NOT IN (2,3,4) ORDER BY seq LIMIT ?",
                wanted.room, std::min<Seq>(wanted.after, INT64_MAX), limit);
    collect(query, wanted.room, page.items);
  } else {
    Query query(connection,
                "SELECT " PARLEY_ENTRY_COLUMNS
                " FROM entries WHERE room=? AND seq<? AND type NOT IN (2,3,4) ORDER BY seq DESC LIMIT ?",
                wanted.room, wanted.before == 0 ? INT64_MAX : std::min<Seq>(wanted.before, INT64_MAX), limit);
    collect(query, wanted.room, page.items);
  }
  page.more = page.items.size() > wanted.limit;
  if (page.more) page.items.pop_back();
  if (!forward) std::reverse(page.items.begin(), page.items.end());
  fold_reactions(connection, wanted, page.items);
  return page;
}

}  // namespace parley::sqlite
