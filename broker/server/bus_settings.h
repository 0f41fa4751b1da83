#pragma once

// From the settings to the bus over Redis.

#include <memory>

#include "broker/base/random.h"
#include "broker/cluster/bus.h"
#include "broker/net/loop.h"
#include "broker/server/config.h"

namespace parley::server {

// Null when no Redis is set. bad_request: the URL, a file that cannot be read. Connects to nothing yet.
Result<std::unique_ptr<cluster::Bus>> make_bus(const Config& config, net::Loop& loop, Random& random);

}  // namespace parley::server
