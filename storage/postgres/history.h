#pragma once

// Reading the log: each call is one statement, so what it answers is of one moment.

#include <memory>

#include "storage/postgres/call.h"

namespace parley::postgres {

std::unique_ptr<Call> read_log(RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max, Reply<LogPage> done);
std::unique_ptr<Call> read_history(HistoryQuery query, Reply<HistoryPage> done);

}  // namespace parley::postgres
