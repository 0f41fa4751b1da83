#pragma once

// Numbered steps of a schema, embedded in the binary at build time (storage/sql/).

#include <span>
#include <string_view>

namespace parley {

struct Migration {
  int number;  // 1, 2, 3 … without a hole
  std::string_view name;
  const char* sql;
};

extern const std::span<const Migration> sqlite_migrations;
extern const std::span<const Migration> postgres_migrations;

}  // namespace parley
