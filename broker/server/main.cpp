#include <iostream>

#include "broker/server/backup_verbs.h"
#include "broker/server/config.h"
#include "broker/server/database_verbs.h"
#include "broker/server/server.h"
#include "broker/server/tls_files.h"

int main(int argc, char** argv) {
  using namespace parley;
  const server::CommandLine line = server::parse_command_line(argc, argv);
  log::Level level = log::Level::info;
  log::parse_level(line.config.log_level, level);
  log::configure(level, line.config.log_format == "json" ? log::Format::json : log::Format::text);
  switch (line.verb) {
    case server::Verb::exit:
      return line.exit_code;
    case server::Verb::check_config: {
      server::TlsFiles tls;
      if (const Status status = server::load_tls(line.config, tls); !status) {
        std::cerr << status.error().message << '\n';
        return 2;
      }
      std::cout << line.effective;
      return 0;
    }
    case server::Verb::check_health:
      return server::check_health(line.config);
    case server::Verb::migrate:
      return server::migrate(line.config);
    case server::Verb::epoch_bump:
      return server::bump_epoch(line.config);
    case server::Verb::backup:
      return server::backup(line.config, line.file);
    case server::Verb::restore:
      return server::restore(line.config, line.file);
    case server::Verb::serve:
      return server::run_server(line.config);
  }
  return 2;
}
