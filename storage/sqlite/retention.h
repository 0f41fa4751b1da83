#pragma once

// Pruning: a reader finds what is over the limits, the writer removes it in one small transaction.

#include <vector>

#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace parley::sqlite {

// The rooms with entries over the limits and the floors that they shall get, together at most `rows_max` entries. On a read-only
// connection.
Result<std::vector<Pruned>> plan_pruning(Connection& connection, const Retention& retention, UnixMs now);
// Removes the entries below the floors and moves the floors. On the writer's connection.
Result<std::vector<Pruned>> prune_rooms(Connection& connection, const std::vector<Pruned>& plan);

}  // namespace parley::sqlite
