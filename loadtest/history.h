#pragma once

// At the end: what was acknowledged against what the broker's history says.

#include <cstdint>

#include "broker/base/result.h"
#include "loadtest/ledger.h"
#include "loadtest/options.h"

namespace parley::loadtest {

// Reads every room's history (docs/protocol.md, GET /rooms/{room}/messages) and hands it to the ledger. How many entries that
// were; 0 where there is no history to read (another broker's). unavailable when it cannot be read.
Result<std::uint64_t> check_history(const Options& options, Ledger& ledger);

}  // namespace parley::loadtest
