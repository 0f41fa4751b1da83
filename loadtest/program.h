#pragma once

namespace parley::loadtest {

// The whole program. The exit status: 0, 1 violations, 2 the command line or a file, 3 the broker could not be reached.
int run_program(int argc, const char* const* argv);

}  // namespace parley::loadtest
