#pragma once

// The store that several processes share: PostgreSQL through libpq in pipeline mode, non-blocking on the owner's loop
// (storage/README.md).

#include <memory>

#include "broker/net/loop.h"
#include "storage/postgres/settings.h"
#include "storage/store.h"

namespace parley {

// Connects, makes or migrates the schema. Blocks until the database answers, for start_wait_ms at most: to be called at start.
// The errors say what to do: bad_request (the URL), unauthorized, unavailable (cannot be reached), conflict (a newer schema,
// another program's), forbidden. `loop` must outlive the store; the store belongs to its thread.
Result<std::unique_ptr<Store>> open_postgres(const PostgresSettings& settings, net::Loop& loop);

// For operators, without a store; they block. The number of the newest migration, all of them applied.
Result<int> migrate_postgres(const PostgresSettings& settings);
// Begins a new epoch and answers it. Running processes notice within their next look at the heads.
Result<std::string> bump_postgres_epoch(const PostgresSettings& settings);

}  // namespace parley
