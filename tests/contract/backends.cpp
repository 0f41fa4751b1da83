// The stores that have to pass: each line is a factory.

#include <gtest/gtest.h>

#include "storage/postgres/postgres_store.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/contract/mqtt_contract.h"
#include "tests/contract/store_contract.h"
#include "tests/contract/temp_folder.h"
#include "tests/fakes/memory_store.h"
#include "tests/support/postgres_server.h"

namespace parley::contract {
namespace {

class MemoryBackend final : public Backend {
 public:
  Store& store() override { return *store_; }
  bool survives_reopening() const override { return false; }
  void reopen() override {}
  void destroy() override { store_.reset(); }

 private:
  std::unique_ptr<Store> store_ =
      std::make_unique<fakes::MemoryStore>(executor, fakes::MemoryStoreSettings{"memory", small_entry_bytes_max});
};

class SqliteBackend final : public Backend {
 public:
  SqliteBackend() { open(); }
  Store& store() override { return *store_; }
  bool survives_reopening() const override { return true; }
  void reopen() override {
    bool closed = false;
    store_->close([&] { closed = true; });
    ASSERT_TRUE(executor.run_until([&] { return closed; }));
    store_.reset();
    open();
  }
  void destroy() override { store_.reset(); }

 private:
  void open() {
    SqliteSettings settings;
    settings.path = folder_.file("parley.db");
    settings.entry_bytes_max = small_entry_bytes_max;
    settings.checkpoint_pages = 50;  // so that checkpoints run beside the tests
    auto opened = open_sqlite(settings, executor);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
  }
  TempFolder folder_;
  std::unique_ptr<Store> store_;
};

class PostgresBackend final : public Backend {
 public:
  PostgresBackend() : database_(support::PostgresServer::shared_url()) {
    executor.drive(loop_);
    open();
  }
  Store& store() override { return *store_; }
  bool survives_reopening() const override { return true; }
  bool alone() const override { return false; }
  void reopen() override {
    bool closed = false;
    store_->close([&] { closed = true; });
    ASSERT_TRUE(executor.run_until([&] { return closed; }));
    store_.reset();
    open();
  }
  void destroy() override { store_.reset(); }

 private:
  void open() {
    PostgresSettings settings;
    settings.url = database_.url();
    settings.readers = 2;
    settings.entry_bytes_max = small_entry_bytes_max;
    auto opened = open_postgres(settings, loop_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
  }
  support::PostgresDatabase database_;
  net::Loop loop_;
  std::unique_ptr<Store> store_;
};

template <typename T>
std::unique_ptr<Backend> make() {
  return std::make_unique<T>();
}

const auto stores =
    ::testing::Values(BackendFactory{"Memory", make<MemoryBackend>}, BackendFactory{"Sqlite", make<SqliteBackend>},
                      BackendFactory{"Postgres", make<PostgresBackend>});
const auto named = [](const auto& each) { return each.param.name; };

INSTANTIATE_TEST_SUITE_P(Stores, StoreContract, stores, named);
INSTANTIATE_TEST_SUITE_P(Stores, MqttContract, stores, named);

}  // namespace
}  // namespace parley::contract
