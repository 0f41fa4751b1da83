#pragma once

// The built web client: where it lies, and its files in memory.

#include <optional>

#include "broker/server/config.h"
#include "http/static_files.h"

namespace parley::server {

// Reads it from --web-root, else from the first place that has one: beside the program, the source tree that the program was
// built in, /usr/share/parley/web. Nothing when there is none; an error when --web-root was given and cannot be served. Blocks.
Result<std::optional<http::StaticFiles>> load_web_client(const Config& config);

}  // namespace parley::server
