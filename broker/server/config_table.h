#pragma once

// Internal to the configuration: the one table of settings, as rows that know how to read and show a value. config_table.cpp
// fills it, command_line.cpp gives it to CLI11.

#include <functional>
#include <string>
#include <vector>

#include "broker/server/config.h"

namespace parley::server {

struct Row {
  std::string name;   // "connect-timeout": the flag is --connect-timeout, the variable PARLEY_CONNECT_TIMEOUT
  std::string group;  // heading in --help
  std::string help;
  std::string value_name;  // empty: a switch, on or off
  bool list = false;       // may be given several times
  std::function<Status(const std::string&)> set;
  std::function<std::string()> show;  // as `set` reads it
};

// The rows read and write `config`, which outlives them.
std::vector<Row> config_table(Config& config);

// What no single row can check. bad_request.
Status check_config(const Config& config);

// A URL without its password.
std::string mask_password(const std::string& url);

}  // namespace parley::server
