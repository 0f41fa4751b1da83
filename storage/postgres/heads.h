#pragma once

// What a process asks about the log as a whole.

#include <memory>

#include "storage/postgres/call.h"

namespace parley::postgres {

std::unique_ptr<Call> moved_heads(std::string since, Reply<MovedHeads> done);
std::unique_ptr<Call> durability(Reply<Durability> done);
// Commits a row of this process's own.
std::unique_ptr<Call> probe(std::string replica, Reply<Nothing> done);
// Keeps its place among the others of its channel; answered whatever becomes of it.
std::unique_ptr<Call> nothing(UniqueFunction<void()> done);

}  // namespace parley::postgres
