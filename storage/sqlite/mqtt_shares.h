#pragma once

// `$share` groups (MQTT 5 §4.8.2): where a group stands in each room, and who has claimed what. Filters are "$share/{group}/…".

#include "storage/mqtt_store.h"
#include "storage/sqlite/connection.h"

namespace parley::sqlite {

struct ShareGroup {
  std::int64_t id = 0;  // 0: there is none
  std::int64_t members = 0;
};
ShareGroup find_group(Connection& connection, const std::string& filter);
// Made without members when there is none.
ShareGroup make_group(Connection& connection, const std::string& filter);
void join_group(Connection& connection, std::int64_t group);
void leave_group(Connection& connection, const std::string& filter);

Seq group_next(Connection& connection, std::int64_t group, RoomId room);
void set_group_next(Connection& connection, std::int64_t group, RoomId room, Seq next);
bool group_has_work(Connection& connection, std::int64_t group, RoomId room, Seq head);

std::vector<SeqRange> claim_range(Connection& connection, std::int64_t group, RoomId room, SessionId session, Seq head,
                                  unsigned entries_max);
void make_progress(Connection& connection, SessionId session, const ShareProgress& progress);
Result<std::vector<ShareClaims>> claims_of(Connection& connection, SessionId session);
// The session's claims go back to their groups, but for what is under way to it with QoS 2: that stays its own, or is done when
// the session ends [MQTT-4.8.2-5].
void release_claims(Connection& connection, SessionId session, bool ends);

}  // namespace parley::sqlite
