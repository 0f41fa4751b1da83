#pragma once

// From the setting --database to an open store, and what operators do to one that is not open.

#include <memory>
#include <string>

#include "broker/net/loop.h"
#include "storage/store.h"

namespace parley {

struct StoreSettings {
  std::string url;            // sqlite:PATH (also sqlite:///ABSOLUTE/PATH), postgres://… or postgresql://…
  std::string password_file;  // of PostgreSQL: its first line is the password; empty: as the URL or libpq's own ways say
  unsigned readers = 4;       // of PostgreSQL: connections for reads, besides two for writing
  MonoMs connect_timeout_ms = 5'000;
  MonoMs statement_timeout_ms = 10'000;
  MonoMs start_wait_ms = 30'000;  // of PostgreSQL: how long opening waits for a database that is away
};

// bad_request for a URL of another kind, naming what there is. Touches nothing.
Status check_store_url(const std::string& url);

// Answers what open_sqlite and open_postgres do. Blocks; the store belongs to the loop's thread, and the loop must outlive it.
Result<std::unique_ptr<Store>> open_store(const StoreSettings& settings, net::Loop& loop);

// Makes or migrates the schema and answers the number of its newest migration. Blocks.
Result<int> migrate_store(const StoreSettings& settings);
// Begins a new epoch and answers it. An embedded store must not be in use (conflict). Blocks.
Result<std::string> bump_epoch(const StoreSettings& settings);

}  // namespace parley
