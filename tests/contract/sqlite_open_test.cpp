// Opening the embedded store: what is refused, and when the epoch changes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "storage/open/open_store.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/contract/store_contract.h"
#include "tests/contract/temp_folder.h"

namespace parley::contract {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

class SqliteOpen : public ::testing::Test {
 protected:
  Result<std::unique_ptr<Store>> open(const std::string& path) {
    SqliteSettings settings;
    settings.path = path;
    settings.busy_timeout_ms = 20;
    return open_sqlite(settings, executor_);
  }
  // Opens, closes in good order, and answers the epoch.
  std::string epoch_of(const std::string& path) {
    auto store = open(path);
    EXPECT_TRUE(store.ok()) << store.error().message;
    if (!store.ok()) return {};
    const std::string epoch = (*store)->epoch();
    close(**store);
    return epoch;
  }
  void close(Store& store) {
    bool closed = false;
    store.close([&] { closed = true; });
    EXPECT_TRUE(executor_.run_until([&] { return closed; }));
  }
  static void run_sql(const std::string& path, const char* sql) {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path.c_str(), &handle), SQLITE_OK);
    ASSERT_EQ(sqlite3_exec(handle, sql, nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(handle);
  }
  static std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  // Over the old file, as cp does: the inode stays.
  static void overwrite(const std::string& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

  PumpExecutor executor_;
  TempFolder folder_;
};

TEST_F(SqliteOpen, OneProcessAtATime) {
  auto first = open(folder_.file("a.db"));
  ASSERT_TRUE(first.ok());
  auto second = open(folder_.file("a.db"));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, Code::conflict);
  EXPECT_THAT(second.error().message, HasSubstr("another process"));
  close(**first);
  first->reset();
  EXPECT_TRUE(open(folder_.file("a.db")).ok());
}

TEST_F(SqliteOpen, RefusesWhatItCannotUseAndSaysWhatToDo) {
  const auto message = [&](const std::string& path) {
    auto opened = open(path);
    return opened.ok() ? std::string("opened") : opened.error().message;
  };
  overwrite(folder_.file("text.db"), std::string(5000, 'x'));
  EXPECT_THAT(message(folder_.file("text.db")), HasSubstr("restore a backup or name another file"));
  EXPECT_EQ(content(folder_.file("text.db")), std::string(5000, 'x')) << "and leaves it as it is";

  run_sql(folder_.file("foreign.db"), "CREATE TABLE songs(name)");
  EXPECT_THAT(message(folder_.file("foreign.db")), HasSubstr("belongs to another program"));

  epoch_of(folder_.file("newer.db"));
  run_sql(folder_.file("newer.db"), "PRAGMA user_version=999");
  EXPECT_THAT(message(folder_.file("newer.db")), HasSubstr("made by a newer parley"));

  epoch_of(folder_.file("damaged.db"));
  std::string bytes = content(folder_.file("damaged.db"));
  bytes.replace(100, 3000, 3000, '\xee');
  overwrite(folder_.file("damaged.db"), bytes);
  EXPECT_THAT(message(folder_.file("damaged.db")), HasSubstr("damaged"));

  EXPECT_THAT(message(folder_.file("no/such/folder.db")), HasSubstr("make the folder"));
  fs::create_directory(folder_.file("folder.db"));
  EXPECT_THAT(message(folder_.file("folder.db")), HasSubstr("cannot"));
  EXPECT_THAT(message(":memory:"), HasSubstr("path of a file"));
  EXPECT_THAT(message(""), HasSubstr("path of a file"));
}

TEST_F(SqliteOpen, UrlsNameTheStore) {
  net::Loop loop;
  const auto open_url = [&](const std::string& url) {
    StoreSettings settings;
    settings.url = url;
    return open_store(settings, loop);
  };
  const auto code = [&](const std::string& url) { return open_url(url).error(); };
  EXPECT_EQ(code("mysql://user:secret@host/db").code, Code::bad_request);
  EXPECT_THAT(code("mysql://user:secret@host/db").message, HasSubstr("sqlite:PATH"));
  EXPECT_THAT(code("mysql://user:secret@host/db").message, ::testing::Not(HasSubstr("secret")));
  EXPECT_EQ(code("").code, Code::bad_request);
  EXPECT_EQ(code("sqlite:").code, Code::bad_request);
  EXPECT_TRUE(open_url("sqlite:" + folder_.file("u.db")).ok());
  EXPECT_TRUE(open_url("sqlite://" + folder_.file("u.db")).ok());
}

TEST_F(SqliteOpen, AnEpochIsBumpedAndASchemaMigratedWhileNobodyHasTheStore) {
  const std::string path = folder_.file("bump.db");
  StoreSettings settings;
  settings.url = "sqlite:" + path;
  EXPECT_GE(*migrate_store(settings), 1);
  const std::string epoch = epoch_of(path);
  const auto bumped = bump_epoch(settings);
  ASSERT_TRUE(bumped.ok()) << bumped.error().message;
  EXPECT_NE(*bumped, epoch);
  EXPECT_EQ(epoch_of(path), *bumped) << "the next start keeps it";
  auto store = open(path);
  ASSERT_TRUE(store.ok());
  EXPECT_EQ(bump_epoch(settings).error().code, Code::conflict);
  close(**store);
}

TEST_F(SqliteOpen, ARestartKeepsTheEpoch) {
  const std::string path = folder_.file("a.db");
  const std::string epoch = epoch_of(path);
  EXPECT_EQ(epoch.size(), 12U);
  EXPECT_EQ(epoch_of(path), epoch);
  { auto crashed = open(path); }  // destroyed without a close
  EXPECT_EQ(epoch_of(path), epoch);
  EXPECT_NE(epoch_of(folder_.file("b.db")), epoch) << "two databases";
}

TEST_F(SqliteOpen, ACopiedFileHasAnotherEpoch) {
  const std::string epoch = epoch_of(folder_.file("a.db"));
  fs::copy(folder_.file("a.db"), folder_.file("b.db"));
  EXPECT_NE(epoch_of(folder_.file("b.db")), epoch);
  EXPECT_EQ(epoch_of(folder_.file("a.db")), epoch);
}

TEST_F(SqliteOpen, ABackupPutInTheFilesPlaceHasAnotherEpoch) {
  const std::string path = folder_.file("a.db");
  const std::string epoch = epoch_of(path);
  fs::copy(path, folder_.file("backup"));
  fs::rename(folder_.file("backup"), path);
  const std::string restored = epoch_of(path);
  EXPECT_NE(restored, epoch);
  EXPECT_EQ(epoch_of(path), restored);
}

TEST_F(SqliteOpen, ABackupCopiedOverTheFileHasAnotherEpoch) {
  const std::string path = folder_.file("a.db");
  const std::string epoch = epoch_of(path);
  std::string backup;
  {
    auto running = open(path);
    ASSERT_TRUE(running.ok());
    run_sql(path, "PRAGMA wal_checkpoint");
    backup = content(path);
    close(**running);
  }
  ASSERT_EQ(epoch_of(path), epoch);
  overwrite(path, backup);
  const std::string restored = epoch_of(path);
  EXPECT_NE(restored, epoch);
  EXPECT_EQ(epoch_of(path), restored);
}

TEST_F(SqliteOpen, DeletedBodiesAreNotInTheFile) {
  const std::string path = folder_.file("a.db");
  auto store = open(path);
  ASSERT_TRUE(store.ok());
  auto room = await<RoomInfo>(executor_, [&](auto done) {
    (*store)->create_room({"r", "", Visibility::open, Keep::all, "", ""}, 1, std::move(done));
  });
  NewEntry secret;
  secret.room = room->id;
  secret.user_id = "u";
  secret.body = "SECRET-ONE" + std::string(9000, 's');  // with overflow pages
  NewEntry edit = secret;
  edit.type = EntryType::edit;
  edit.target = 1;
  edit.body = "SECRET-TWO" + std::string(200, 's');
  NewEntry removal = edit;
  removal.type = EntryType::remove;
  removal.body = "{}";
  for (const NewEntry& entry : {secret, edit, removal}) {
    auto result =
        await<std::vector<Result<Appended>>>(executor_, [&](auto done) { (*store)->append({entry}, 1, std::move(done)); });
    ASSERT_TRUE(result.ok() && result->front().ok());
  }
  close(**store);
  EXPECT_FALSE(fs::exists(path + "-wal"));
  EXPECT_EQ(content(path).find("SECRET-ONE"), std::string::npos);
  EXPECT_EQ(content(path).find("SECRET-TWO"), std::string::npos);
  EXPECT_EQ(content(path).find("sssssss"), std::string::npos);
}

TEST_F(SqliteOpen, TheWalDoesNotGrowWithoutBoundUnderLoad) {
  SqliteSettings settings;
  settings.path = folder_.file("a.db");
  settings.checkpoint_pages = 50;
  settings.wal_pages_max = 200;
  auto opened = open_sqlite(settings, executor_);
  ASSERT_TRUE(opened.ok());
  Store& store = **opened;
  auto room = await<RoomInfo>(executor_, [&](auto done) {
    store.create_room({"r", "", Visibility::open, Keep::all, "", ""}, 1, std::move(done));
  });
  int in_flight = 0;
  std::uintmax_t longest = 0;
  for (int i = 0; i < 1500; ++i) {  // without a pause: the next batch waits while one is committed
    NewEntry entry;
    entry.room = room->id;
    entry.user_id = "u";
    entry.body = std::string(3000, 'b');
    ++in_flight;
    store.append({entry, entry}, 1, [&](Result<std::vector<Result<Appended>>> result) {
      EXPECT_TRUE(result.ok());
      --in_flight;
    });
    ASSERT_TRUE(executor_.run_until([&] { return in_flight < 4; }));
    longest = std::max(longest, fs::file_size(settings.path + "-wal"));
  }
  ASSERT_TRUE(executor_.run_until([&] { return in_flight == 0; }));
  close(store);
  // All in all more than 3,000 pages were written.
  EXPECT_LT(longest, 1000U * 4120U);
}

}  // namespace
}  // namespace parley::contract
