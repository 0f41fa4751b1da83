#pragma once

// The database's schema: made and migrated at start, under a lock that other processes starting at the same time wait for.

#include <string>

#include "storage/postgres/session.h"

namespace parley::postgres {

// Brings the schema to the newest migration and answers its number. conflict when it is newer than this program, or another
// program's; forbidden when it must be migrated and the user may not.
Result<int> prepare_schema(Session& session);

// A word of 12 letters, for a new epoch.
std::string new_epoch();

// What the server is set to that matters for promise 1; a log line for each.
void warn_of_settings(Session& session);

}  // namespace parley::postgres
