#include "broker/server/database_verbs.h"

#include <filesystem>
#include <iostream>

#include "broker/server/store_settings.h"

namespace parley::server {

namespace {

int fail(const Error& error) {
  std::cerr << error.message << "\n";
  return 1;
}

// An embedded store lies in the data folder, which a first start has not made yet.
void make_folder(const Config& config) {
  std::error_code ignored;
  if (config.database.empty()) std::filesystem::create_directories(config.data_dir, ignored);
}

}  // namespace

int migrate(const Config& config) {
  make_folder(config);
  const Result<int> version = migrate_store(store_settings(config));
  if (!version) return fail(version.error());
  std::cout << "the schema is at migration " << *version << "\n";
  return 0;
}

int bump_epoch(const Config& config) {
  const Result<std::string> epoch = parley::bump_epoch(store_settings(config));
  if (!epoch) return fail(epoch.error());
  std::cout << "the log begins epoch " << *epoch << "\n";
  return 0;
}

}  // namespace parley::server
