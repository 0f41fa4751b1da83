#pragma once

// `parley backup FILE` and `parley restore FILE`: for the embedded store. PostgreSQL has its own means: docs/operations.md.

#include "broker/server/config.h"

namespace parley::server {

// The exit code: 0 done, 1 not; what was done or went wrong is printed. Blocks.
int backup(const Config& config, const std::string& file);
int restore(const Config& config, const std::string& file);

}  // namespace parley::server
