#pragma once

// Backups of the store that the setting --database names, for stores that Parley itself can copy.

#include <string>

#include "broker/base/result.h"

namespace parley {

// As sqlite::backup and sqlite::restore (storage/sqlite/backup.h); bad_request for PostgreSQL, saying what to use instead.
// Blocks.
Status backup_store(const std::string& url, const std::string& file);
Status restore_store(const std::string& file, const std::string& url);

}  // namespace parley
