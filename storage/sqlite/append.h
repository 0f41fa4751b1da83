#pragma once

// Appending: the entries of a batch, inside a transaction that the writer has begun.

#include <vector>

#include "storage/sqlite/connection.h"
#include "storage/sqlite/heads.h"
#include "storage/store.h"

namespace parley::sqlite {

struct AppendLimits {
  std::size_t entry_bytes_max = 0;
  // After a batch failed for its data: every entry within a savepoint of its own, so that only the one at fault is refused.
  bool careful = false;
};

// Result i belongs to entry i. When the connection failed, the results mean nothing and the transaction must be rolled back.
std::vector<Result<Appended>> append_batch(Connection& connection, Heads& heads, const std::vector<NewEntry>& batch, UnixMs now,
                                           AppendLimits limits);

}  // namespace parley::sqlite
