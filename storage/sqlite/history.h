#pragma once

// Reading the log: runs of entries for cursors, pages of history for people. On a read-only connection, inside one read
// transaction.

#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace parley::sqlite {

Result<LogPage> read_log(Connection& connection, RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max);
Result<HistoryPage> read_history(Connection& connection, const HistoryQuery& query);

}  // namespace parley::sqlite
