#pragma once

// Retained messages (MQTT 5 §3.3.1.3), one for each room at most. In the transaction of the entry that changes them.

#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace parley::sqlite {

// The entry, appended just now as (seq, ts, messages), is the room's retained message; without a body the room has none.
void retain(Connection& connection, const NewEntry& entry, const Appended& appended);
// An edit or a delete of the retained message itself.
void edit_retained(Connection& connection, const NewEntry& edit);
void remove_retained(Connection& connection, RoomId room, Seq seq);

// nullptr: none, or it has expired.
EntryPtr find_retained(Connection& connection, RoomId room, UnixMs now);

}  // namespace parley::sqlite
