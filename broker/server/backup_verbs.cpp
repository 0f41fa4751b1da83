#include "broker/server/backup_verbs.h"

#include <iostream>

#include "storage/open/backup_store.h"

namespace parley::server {

namespace {

std::string url_of(const Config& config) {
  return config.database.empty() ? "sqlite:" + config.data_dir + "/parley.db" : config.database;
}

int said(const Status& done, const std::string& success) {
  if (!done) {
    std::cerr << done.error().message << '\n';
    return 1;
  }
  std::cout << success << '\n';
  return 0;
}

}  // namespace

int backup(const Config& config, const std::string& file) {
  return said(backup_store(url_of(config), file), file + " is a checked backup; keep token.keys of the data folder beside it");
}

int restore(const Config& config, const std::string& file) {
  return said(restore_store(file, url_of(config)),
              "restored; the next start begins another epoch of the log, and clients are told that it is not the one they knew");
}

}  // namespace parley::server
