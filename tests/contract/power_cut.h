#pragma once

// Cuts the power of an SQLite store at random points under load and looks what came back.

#include <cstdint>
#include <string>

#include "storage/sqlite/settings.h"
#include "tests/contract/power_cut_vfs.h"

namespace parley::contract {

struct PowerCutPlan {
  SqliteSettings::Synchronous synchronous = SqliteSettings::Synchronous::full;
  Unsynced unsynced = Unsynced::lost;
  std::uint64_t seed = 1;
  unsigned runs = 10;
  unsigned operations_max = 600;  // the power goes within that many writes and syncs
};

struct PowerCutResult {
  std::uint64_t runs = 0;
  std::uint64_t sent = 0;
  std::uint64_t acked = 0;
  std::uint64_t found = 0;       // entries in the store afterwards, acked or not
  std::uint64_t lost = 0;        // acked, but not there or with another content
  std::uint64_t doubled = 0;     // one publish, two entries; also after it was sent again
  std::uint64_t holes = 0;       // numbers missing
  std::uint64_t unopenable = 0;  // stores that could not be opened or failed SQLite's integrity check

  bool whole() const { return lost + doubled + holes + unopenable == 0; }
};

PowerCutResult run_power_cuts(const PowerCutPlan& plan);

}  // namespace parley::contract
