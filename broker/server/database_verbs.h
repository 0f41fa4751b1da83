#pragma once

// `parley migrate` and `parley epoch bump`: what an operator does to the store without a server. Both print one line and answer
// the exit code.

#include "broker/server/config.h"

namespace parley::server {

int migrate(const Config& config);
int bump_epoch(const Config& config);

}  // namespace parley::server
