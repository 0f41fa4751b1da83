#pragma once

// The embedded store: one SQLite file, one writing thread, a few reading ones, one for checkpoints (storage/README.md).

#include <memory>

#include "broker/base/executor.h"
#include "storage/sqlite/settings.h"
#include "storage/store.h"

namespace parley {

// Opens the database, makes or migrates it. The errors say what to do: conflict (another process has it, another program's file,
// a newer schema), forbidden or unavailable (cannot be written, damaged), bad_request (no path). Blocks for the disk: to be
// called at start. `owner` must outlive the store.
Result<std::unique_ptr<Store>> open_sqlite(const SqliteSettings& settings, Executor& owner);

// For operators, while no process has the store open (conflict otherwise); they block. The number of the newest migration, all of
// them applied.
Result<int> migrate_sqlite(const SqliteSettings& settings);
// Begins a new epoch and answers it.
Result<std::string> bump_sqlite_epoch(const SqliteSettings& settings);

}  // namespace parley
