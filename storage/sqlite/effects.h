#pragma once

// What an entry changes besides the log: its target, reactions, memberships, the room's settings. In the transaction of the
// entry.

#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace parley::sqlite {

// The numbers are stored.
inline constexpr int flag_edited = 1;
inline constexpr int flag_deleted = 2;

bool has_target(EntryType type);
bool has_effects(const NewEntry& entry);

// Everything that can be wrong with the entry itself: not_found or forbidden for the target, bad_request.
Status check_effects(Connection& connection, const NewEntry& entry);
// After check_effects said yes.
void apply_effects(Connection& connection, const NewEntry& entry, Seq seq, UnixMs ts);
// Also for the first owner of a room. Keeps the room's count of members that are not banned.
void change_member(Connection& connection, RoomId room, const MemberChange& change, UnixMs ts);

}  // namespace parley::sqlite
