#pragma once

// Pruning, in two steps: found by a reader, removed by one call.

#include <memory>

#include "storage/postgres/call.h"

namespace parley::postgres {

std::unique_ptr<Call> plan_pruning(Retention retention, UnixMs now, Reply<std::vector<Pruned>> done);
std::unique_ptr<Call> prune_rooms(std::vector<Pruned> plan, Reply<std::vector<Pruned>> done);
// What is kept for a while only: expired tokens, moves from before `moves_before`, processes that are gone.
std::unique_ptr<Call> prune_rest(UnixMs now, UnixMs moves_before, unsigned rows_max, Reply<Nothing> done);

}  // namespace parley::postgres
