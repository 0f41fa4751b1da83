#pragma once

// How the PostgreSQL store is opened. Every field has a default; `url` is the only one that must be given.

#include <cstddef>
#include <string>

#include "broker/base/time.h"

namespace parley {

struct PostgresSettings {
  std::string url;  // anything that libpq takes as a URI; what it leaves out comes from PG* variables, PGPASSFILE and the like
  std::string password_file;  // its first line is the password, read at every connection; empty: the URL's or libpq's own ways
  unsigned readers = 4;       // connections for reads, besides one for appends and one for other changes
  MonoMs connect_timeout_ms = 5'000;     // of one attempt; connect_timeout in the URL stands above it
  MonoMs statement_timeout_ms = 10'000;  // of one call; the server ends it
  MonoMs answer_grace_ms = 2'000;        // beyond it: a server that does not answer at all counts as lost
  MonoMs start_wait_ms = 30'000;         // how long opening tries to reach a database that is away
  MonoMs close_wait_ms = 5'000;          // how long closing waits for calls under way
  MonoMs backoff_min_ms = 50;            // between attempts to connect: doubled each time, with jitter
  MonoMs backoff_max_ms = 3'000;
  unsigned calls_waiting_max = 4'096;        // of one connection; more are refused as unavailable
  std::size_t entry_bytes_max = 16U << 20U;  // content of one entry; above: too_large
  MonoMs moves_kept_ms = 600'000;            // how far back moved_heads() is cheap
};

}  // namespace parley
