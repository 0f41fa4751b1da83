#include "storage/sqlite/mqtt_shares.h"

#include <algorithm>

#include "storage/seq_set.h"

namespace parley::sqlite {

namespace {

struct Claimed {
  std::int64_t group = 0;
  RoomId room = 0;
  SeqRange range;
};

// session 0: free for the next member.
void insert(Connection& connection, const Claimed& claimed, SessionId session) {
  Query query(connection, "INSERT INTO mqtt_claims(group_id, room, first, last, session) VALUES(?,?,?,?,nullif(?,0))",
              claimed.group, claimed.room, claimed.range.first, claimed.range.last, session);
  query.run();
}

void remove(Connection& connection, const Claimed& claimed) {
  Query(connection, "DELETE FROM mqtt_claims WHERE group_id=? AND room=? AND first=?", claimed.group, claimed.room,
        claimed.range.first)
      .run();
}

std::vector<SeqRange> free_ranges(Connection& connection, std::int64_t group, RoomId room, unsigned ranges_max) {
  Query query(connection,
              "SELECT first, last FROM mqtt_claims WHERE group_id=? AND room=? AND session IS NULL ORDER BY first LIMIT ?", group,
              room, ranges_max);
  std::vector<SeqRange> out;
  while (query.row()) out.push_back({query.natural(0), query.natural(1)});
  return out;
}

void append_range(std::vector<SeqRange>& ranges, SeqRange range) {
  if (!ranges.empty() && ranges.back().last + 1 == range.first) {
    ranges.back().last = range.last;
  } else {
    ranges.push_back(range);
  }
}

// Seqs within the range that are under way to the session with QoS 2.
std::vector<SeqRange> under_way(Connection& connection, SessionId session, const Claimed& claimed) {
  Query query(connection, "SELECT seq FROM mqtt_outbound WHERE session=? AND room=? AND state>=2 AND seq BETWEEN ? AND ?",
              session, claimed.room, claimed.range.first, claimed.range.last);
  std::vector<SeqRange> out;
  while (query.row()) out.push_back({query.natural(0), query.natural(0)});
  return out;
}

}  // namespace

ShareGroup find_group(Connection& connection, const std::string& filter) {
  Query query(connection, "SELECT id, members FROM mqtt_groups WHERE filter=?", filter);
  return query.row() ? ShareGroup{query.integer(0), query.integer(1)} : ShareGroup{};
}

ShareGroup make_group(Connection& connection, const std::string& filter) {
  if (const ShareGroup known = find_group(connection, filter); known.id != 0) return known;
  Query(connection, "INSERT INTO mqtt_groups(filter, members) VALUES(?,0)", filter).run();
  return {sqlite3_last_insert_rowid(connection.handle()), 0};
}

void join_group(Connection& connection, std::int64_t group) {
  Query(connection, "UPDATE mqtt_groups SET members=members+1 WHERE id=?", group).run();
}

void leave_group(Connection& connection, const std::string& filter) {
  const ShareGroup group = find_group(connection, filter);
  if (group.members > 1) {
    Query(connection, "UPDATE mqtt_groups SET members=members-1 WHERE id=?", group.id).run();
    return;
  }
  Query(connection, "DELETE FROM mqtt_claims WHERE group_id=?", group.id).run();
  Query(connection, "DELETE FROM mqtt_group_rooms WHERE group_id=?", group.id).run();
  Query(connection, "DELETE FROM mqtt_groups WHERE id=?", group.id).run();
}

Seq group_next(Connection& connection, std::int64_t group, RoomId room) {
  Query query(connection, "SELECT next FROM mqtt_group_rooms WHERE group_id=? AND room=?", group, room);
  return query.row() ? query.natural(0) : 1;
}

void set_group_next(Connection& connection, std::int64_t group, RoomId room, Seq next) {
  Query(connection,
        "INSERT INTO mqtt_group_rooms(group_id, room, next) VALUES(?,?,?) ON CONFLICT DO UPDATE SET next=excluded.next", group,
        room, next)
      .run();
}

bool group_has_work(Connection& connection, std::int64_t group, RoomId room, Seq head) {
  return group_next(connection, group, room) <= head || !free_ranges(connection, group, room, 1).empty();
}

std::vector<SeqRange> claim_range(Connection& connection, std::int64_t group, RoomId room, SessionId session, Seq head,
                                  unsigned entries_max) {
  std::vector<SeqRange> out;
  Seq left = entries_max;
  for (const SeqRange& range : free_ranges(connection, group, room, entries_max)) {
    if (left == 0) return out;
    const SeqRange taken = {range.first, std::min(range.last, range.first + left - 1)};
    remove(connection, {group, room, range});
    insert(connection, {group, room, taken}, session);
    if (taken.last < range.last) insert(connection, {group, room, {taken.last + 1, range.last}}, 0);
    append_range(out, taken);
    left -= taken.last - taken.first + 1;
  }
  const Seq next = group_next(connection, group, room);
  if (left == 0 || next > head) return out;
  const SeqRange taken = {next, std::min(head, next + left - 1)};
  set_group_next(connection, group, room, taken.last + 1);
  insert(connection, {group, room, taken}, session);
  append_range(out, taken);
  return out;
}

void make_progress(Connection& connection, SessionId session, const ShareProgress& progress) {
  const ShareGroup group = find_group(connection, progress.filter);
  std::vector<SeqRange> its;
  {
    Query query(connection, "SELECT first, last FROM mqtt_claims WHERE group_id=? AND room=? AND session=? ORDER BY first",
                group.id, progress.room, session);
    while (query.row()) its.push_back({query.natural(0), query.natural(1)});
  }
  std::vector<SeqRange> gone = progress.done;
  gone.insert(gone.end(), progress.returned.begin(), progress.returned.end());
  for (const SeqRange& range : its) {
    const std::vector<SeqRange> left = subtract(range, gone);
    if (left.size() == 1 && left.front() == range) continue;
    remove(connection, {group.id, progress.room, range});
    for (const SeqRange& each : left) insert(connection, {group.id, progress.room, each}, session);
    for (const SeqRange& each : progress.returned) {
      if (const auto common = intersect(range, each)) insert(connection, {group.id, progress.room, *common}, 0);
    }
  }
}

Result<std::vector<ShareClaims>> claims_of(Connection& connection, SessionId session) {
  Query query(connection,
              "SELECT g.filter, c.room, c.first, c.last FROM mqtt_claims c JOIN mqtt_groups g ON g.id=c.group_id "
              "WHERE c.session=? ORDER BY g.filter, c.room, c.first",
              session);
  std::vector<ShareClaims> out;
  while (query.row()) {
    if (out.empty() || out.back().filter != query.view(0) || out.back().room != query.integer(1)) {
      out.push_back({query.text(0), query.integer(1), {}});
    }
    append_range(out.back().ranges, {query.natural(2), query.natural(3)});
  }
  return out;
}

void release_claims(Connection& connection, SessionId session, bool ends) {
  std::vector<Claimed> its;
  {
    Query query(connection, "SELECT group_id, room, first, last FROM mqtt_claims WHERE session=?", session);
    while (query.row()) its.push_back({query.integer(0), query.integer(1), {query.natural(2), query.natural(3)}});
  }
  for (const Claimed& each : its) {
    const std::vector<SeqRange> kept = under_way(connection, session, each);
    remove(connection, each);
    for (const SeqRange& back : subtract(each.range, kept)) insert(connection, {each.group, each.room, back}, 0);
    if (ends) continue;
    for (const SeqRange& own : kept) insert(connection, {each.group, each.room, own}, session);
  }
}

}  // namespace parley::sqlite
