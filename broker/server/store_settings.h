#pragma once

// From the configuration to what opens the store.

#include "broker/server/config.h"
#include "storage/open/open_store.h"

namespace parley::server {

inline StoreSettings store_settings(const Config& config) {
  StoreSettings settings;
  settings.url = config.database.empty() ? "sqlite:" + config.data_dir + "/parley.db" : config.database;
  settings.password_file = config.database_password_file;
  settings.readers = config.database_readers;
  settings.connect_timeout_ms = config.database_connect_timeout;
  settings.statement_timeout_ms = config.database_timeout;
  settings.start_wait_ms = config.database_start_wait;
  return settings;
}

}  // namespace parley::server
