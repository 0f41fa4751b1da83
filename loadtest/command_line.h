#pragma once

// The program's command line: what is to be done, or why not.

#include <string>
#include <vector>

#include "loadtest/options.h"

namespace parley::loadtest {

struct CommandLine {
  enum class Verb : unsigned char { run, compare, merge, exit } verb = Verb::exit;
  int exit_code = 0;                // of Verb::exit
  Options options;                  // of Verb::run
  std::vector<std::string> inputs;  // of the others: JSON reports
  std::string output;               // compare: HTML; merge: JSON
  std::string html_output;          // merge: HTML as well
};

// Prints help, the version or what is wrong.
CommandLine parse_command_line(int argc, const char* const* argv);

}  // namespace parley::loadtest
