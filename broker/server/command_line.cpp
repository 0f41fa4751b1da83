// The only user of CLI11 (slow to compile).

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <iostream>

#include "broker/server/config.h"
#include "broker/server/config_table.h"

namespace parley::server {

namespace {

std::string variable_of(const std::string& name) {
  std::string variable = "PARLEY_";
  for (const char c : name) variable += c == '-' ? '_' : static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  return variable;
}

void set_or_throw(const Row& row, const std::string& value) {
  if (const Status status = row.set(value); !status) throw CLI::ValidationError("--" + row.name, status.error().message);
}

void add_option(CLI::App& app, const Row& row) {
  CLI::Option* option = nullptr;
  if (row.value_name.empty()) {
    // "--echo" and "--echo=false"; not "--echo false", which would swallow a verb.
    option = app.add_flag_function(
        "--" + row.name, [row](std::int64_t count) { set_or_throw(row, count > 0 ? "true" : "false"); }, row.help);
    option->type_name("[=true|false] (default: " + row.show() + ")")->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  } else {
    option = app.add_option(
        "--" + row.name,
        [row](const std::vector<std::string>& values) {
          for (const std::string& value : values) set_or_throw(row, value);
          return true;
        },
        row.help);
    option->type_name(row.value_name)->default_str(row.show())->expected(1);
    if (row.list) {
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->delimiter(',');
    } else {
      option->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
    }
  }
  option->envname(variable_of(row.name))->group(row.group);
}

// The arguments, with those of the environment's variables in front that no flag replaces. (Left to itself CLI11 lets the file
// stand above the environment.)
std::vector<std::string> with_environment(const std::vector<Row>& rows, int argc, const char* const* argv) {
  const std::vector<std::string> given(argv + 1, argv + argc);
  std::vector<std::string> names = {"config"};
  for (const Row& row : rows) names.push_back(row.name);
  std::vector<std::string> all;
  for (const std::string& name : names) {
    const char* value = std::getenv(variable_of(name).c_str());
    if (value == nullptr || *value == '\0') continue;  // set and empty: as if it were not there
    const std::string flag = "--" + name;
    const bool replaced = std::any_of(given.begin(), given.end(),
                                      [&](const std::string& word) { return word == flag || word.starts_with(flag + "="); });
    if (!replaced) all.push_back(flag + "=" + value);
  }
  all.insert(all.end(), given.begin(), given.end());
  return all;
}

std::string effective_settings(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) text += row.name + " = " + row.show() + "\n";
  return text;
}

}  // namespace

CommandLine parse_command_line(int argc, const char* const* argv) {
  CommandLine line;
  const std::vector<Row> rows = config_table(line.config);
  CLI::App app("Parley: a pub/sub broker made for chat", "parley");
  app.set_version_flag("--version", "parley " PARLEY_VERSION);
  app.set_config("--config", "", "read settings from a file, one \"name = value\" a line")->envname("PARLEY_CONFIG");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.get_formatter()->column_width(44);
  app.fallthrough();
  app.footer(
      "Every setting is also an environment variable: --connect-timeout is PARLEY_CONNECT_TIMEOUT.\n"
      "Flags stand above variables, variables above the file.");
  for (const Row& row : rows) add_option(app, row);
  app.require_subcommand(0, 1);
  app.add_subcommand("serve", "run the server (the default)")->fallthrough();
  const CLI::App* check_config_verb =
      app.add_subcommand("check-config", "print the settings as they would be used")->fallthrough();
  const CLI::App* check_health_verb =
      app.add_subcommand("check-health", "ask a running server whether it is ready")->fallthrough();
  const CLI::App* migrate_verb = app.add_subcommand("migrate", "bring the database's schema up to date and end")->fallthrough();
  CLI::App* epoch_verb = app.add_subcommand("epoch", "the epoch of the log")->fallthrough();
  epoch_verb->require_subcommand(1);
  const CLI::App* epoch_bump_verb =
      epoch_verb->add_subcommand("bump", "begin a new epoch: after a restore that parley cannot notice")->fallthrough();
  CLI::App* backup_verb =
      app.add_subcommand("backup", "copy the database to a new file, also while a server uses it")->fallthrough();
  backup_verb->add_option("file", line.file, "the backup to write")->required();
  CLI::App* restore_verb = app.add_subcommand("restore", "put a backup where no database is")->fallthrough();
  restore_verb->add_option("file", line.file, "the backup to read")->required();
  try {
    std::vector<std::string> arguments = with_environment(rows, argc, argv);
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    line.verb = Verb::exit;
    const bool help_or_version = error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success);
    app.exit(error, std::cout, std::cerr);
    line.exit_code = help_or_version ? 0 : 2;
    return line;
  } catch (const std::exception&) {
    // CLI11 lets the standard library's exceptions through when a switch is neither true nor false.
    std::cerr << "A switch (--echo and the like, or \"echo = ...\" in the file) is neither true nor false.\nRun with --help for "
                 "more information.\n";
    line.verb = Verb::exit;
    line.exit_code = 2;
    return line;
  }
  if (const Status status = check_config(line.config); !status) {
    std::cerr << status.error().message << "\nSee parley --help.\n";
    line.verb = Verb::exit;
    line.exit_code = 2;
    return line;
  }
  line.effective = effective_settings(rows);
  if (check_config_verb->parsed()) line.verb = Verb::check_config;
  if (check_health_verb->parsed()) line.verb = Verb::check_health;
  if (migrate_verb->parsed()) line.verb = Verb::migrate;
  if (epoch_bump_verb->parsed()) line.verb = Verb::epoch_bump;
  if (backup_verb->parsed()) line.verb = Verb::backup;
  if (restore_verb->parsed()) line.verb = Verb::restore;
  return line;
}

}  // namespace parley::server
