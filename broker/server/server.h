#pragma once

// The process: start-up, signals, stopping. It owns everything else.

#include "broker/server/config.h"

namespace parley::server {

// Runs until SIGTERM or SIGINT has drained it; a second one ends the process at once. Answers the exit code: 0, or 1 when it
// could not start (the reason is logged, with what to do next).
int run_server(const Config& config);

// GET /readyz of the configured address. Prints what it says; 0 when the server is ready, else 1.
int check_health(const Config& config);

}  // namespace parley::server
