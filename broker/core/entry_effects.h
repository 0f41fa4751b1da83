#pragma once

// What an entry does to memberships and settings, read from the entry itself: so every replica that sees the entry, by whatever
// way, draws the same conclusion.

#include <optional>

#include "storage/store.h"

namespace parley {

// Of join, leave and member entries; nothing for others and for a body that says nothing.
std::optional<MemberChange> member_change_of(const Entry& entry);
// Of room entries.
std::optional<RoomChange> room_change_of(const Entry& entry);

}  // namespace parley
