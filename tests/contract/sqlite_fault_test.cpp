// The embedded store under a disk that is full, fails or is locked: `unavailable`, never a wrong ack, and well again by itself.

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "storage/sqlite/connection.h"
#include "storage/sqlite/sqlite_store.h"
#include "tests/contract/power_cut_vfs.h"
#include "tests/contract/store_contract.h"
#include "tests/contract/temp_folder.h"

namespace parley::contract {
namespace {

using Appends = std::vector<Result<Appended>>;

class SqliteFault : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_.path = folder_.file("parley.db");
    settings_.vfs = vfs_.name();
    settings_.readers = 1;
    settings_.reader_cache_kib = 16;
    settings_.busy_timeout_ms = 20;
    settings_.settle_wait_ms = 5;
    auto opened = open_sqlite(settings_, executor_);
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
    auto room = await<RoomInfo>(executor_, [&](auto done) {
      store_->create_room({"r", "", Visibility::open, Keep::all, "", ""}, 1, std::move(done));
    });
    ASSERT_TRUE(room.ok());
    room_ = room->id;
  }
  void TearDown() override { vfs_.clear_fault(); }

  NewEntry message(const std::string& body) const {
    NewEntry entry;
    entry.room = room_;
    entry.user_id = entry.user_name = "u";
    entry.body = body;
    return entry;
  }
  Result<Appends> append(const std::string& body) {
    return await<Appends>(executor_, [&](Reply<Appends> done) { store_->append({message(body)}, 1, std::move(done)); });
  }
  std::string outcome(const std::string& body) {
    const auto result = append(body);
    return result.ok() ? (result->front().ok() ? "ok" : "refused") : std::string(to_string(result.error().code));
  }
  Result<LogPage> read() {
    return await<LogPage>(executor_, [&](Reply<LogPage> done) { store_->read(room_, 0, 100'000, SIZE_MAX, std::move(done)); });
  }
  std::string log() {
    const auto page = read();
    std::string bodies;
    for (std::size_t i = 0; page.ok() && i < page->entries.size(); ++i) {
      bodies += page->entries[i]->seq == i + 1 ? page->entries[i]->body + " " : "HOLE ";
    }
    return bodies;
  }

  TempFolder folder_;
  PowerCutVfs vfs_{"sqlite-fault"};
  PumpExecutor executor_;
  SqliteSettings settings_;
  std::unique_ptr<Store> store_;
  RoomId room_ = 0;
};

TEST_F(SqliteFault, AFullDiskIsUnavailableUntilThereIsRoom) {
  EXPECT_EQ(outcome("a"), "ok");
  vfs_.set_fault(Fault::disk_full);
  EXPECT_EQ(outcome("b"), "unavailable");
  EXPECT_EQ(outcome("c"), "unavailable");
  EXPECT_NE(append("d").error().message.find("full"), std::string::npos);
  EXPECT_FALSE(await<Nothing>(executor_, [&](Reply<Nothing> done) { store_->probe(std::move(done)); }).ok());
  EXPECT_EQ(log(), "a ") << "reading goes on";
  vfs_.clear_fault();
  EXPECT_EQ(outcome("e"), "ok");
  EXPECT_TRUE(await<Nothing>(executor_, [&](Reply<Nothing> done) { store_->probe(std::move(done)); }).ok());
  EXPECT_EQ(log(), "a e ");
}

TEST_F(SqliteFault, WritesAndSyncsThatFailAreUnavailable) {
  for (const Fault fault : {Fault::write_error, Fault::sync_error}) {
    vfs_.set_fault(fault, 1);
    EXPECT_EQ(outcome("b"), "unavailable");
    EXPECT_EQ(outcome("a"), "ok");
  }
  EXPECT_GE(vfs_.faults_seen(), 2);
  EXPECT_EQ(log(), "a a ");
}

TEST_F(SqliteFault, ReadsThatFailAreUnavailable) {
  EXPECT_EQ(outcome("a"), "ok");
  // A restart, so that nothing is in the readers' cache.
  store_.reset();
  auto opened = open_sqlite(settings_, executor_);
  ASSERT_TRUE(opened.ok());
  store_ = std::move(*opened);
  vfs_.set_fault(Fault::read_error);
  const auto page = read();
  ASSERT_FALSE(page.ok());
  EXPECT_EQ(page.error().code, Code::unavailable);
  vfs_.clear_fault();
  EXPECT_EQ(log(), "a ");
}

TEST_F(SqliteFault, ALockOfAnotherProcessIsUnavailable) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(settings_.path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), SQLITE_OK);
  const auto refused = append("a");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, Code::unavailable);
  EXPECT_NE(refused.error().message.find("locked"), std::string::npos);
  sqlite3_exec(other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close(other);
  EXPECT_EQ(outcome("b"), "ok");
  EXPECT_EQ(log(), "b ");
}

TEST_F(SqliteFault, ACommitThatLandedAndSaidOtherwiseIsAcked) {
  vfs_.set_fault(Fault::commit_uncertain, 1);
  const auto result = append("a");
  ASSERT_EQ(vfs_.faults_seen(), 1);
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->front()->seq, 1U);
  vfs_.set_fault(Fault::commit_uncertain, 1);
  const auto room = await<RoomInfo>(executor_, [&](auto done) {
    store_->create_room({"s", "", Visibility::open, Keep::all, "", ""}, 1, std::move(done));
  });
  EXPECT_EQ(vfs_.faults_seen(), 2);
  EXPECT_TRUE(room.ok()) << "also where no head moved";
  EXPECT_EQ(outcome("b"), "ok");
  EXPECT_EQ(log(), "a b ");
}

TEST_F(SqliteFault, NobodyIsAnsweredBeforeTheOutcomeIsKnown) {
  int answers = 0;
  bool ok = false;
  vfs_.set_fault(Fault::commit_blind, 1);
  store_->append({message("a")}, 1, [&](Result<Appends> result) {
    ++answers;
    ok = result.ok();
  });
  EXPECT_FALSE(executor_.run_until([&] { return answers > 0; }, std::chrono::milliseconds(100)));
  EXPECT_GT(vfs_.faults_seen(), 2) << "it looks again and again";
  vfs_.clear_fault();
  ASSERT_TRUE(executor_.run_until([&] { return answers > 0; }));
  EXPECT_TRUE(ok);
  EXPECT_EQ(log(), "a ");
}

TEST_F(SqliteFault, AStoreThatEndsInDoubtAnswersNobody) {
  vfs_.set_fault(Fault::commit_blind, 1);
  store_->append({message("a")}, 1, [](Result<Appends>) { ADD_FAILURE() << "answered"; });
  while (vfs_.faults_seen() < 2) std::this_thread::yield();
  bool closed = false;
  store_->close([&] { closed = true; });
  ASSERT_TRUE(executor_.run_until([&] { return closed; }));
  store_.reset();
  vfs_.clear_fault();
  auto opened = open_sqlite(settings_, executor_);
  ASSERT_TRUE(opened.ok());
  store_ = std::move(*opened);
  EXPECT_EQ(log(), "a ");
}

TEST_F(SqliteFault, AnEntryThatTheDatabaseItselfRefusesFailsAlone) {
  sqlite3* other = nullptr;
  ASSERT_EQ(sqlite3_open(settings_.path.c_str(), &other), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(other,
                         "CREATE TRIGGER poison BEFORE INSERT ON entries WHEN new.body=x'706f69736f6e' "
                         "BEGIN SELECT RAISE(ABORT,'poison'); END",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(other);
  int answers = 0;
  std::string seen;
  const auto note = [&](Result<Appends> results) {
    ++answers;
    for (std::size_t i = 0; results.ok() && i < results->size(); ++i) {
      seen += (*results)[i].ok() ? std::to_string((*results)[i]->seq) : std::string(to_string((*results)[i].error().code));
      seen += ' ';
    }
  };
  store_->append({message("a"), message("poison"), message("b")}, 1, note);
  store_->append({message("c")}, 1, note);
  ASSERT_TRUE(executor_.run_until([&] { return answers == 2; }));
  EXPECT_EQ(seen, "1 internal 2 3 ");
  EXPECT_EQ(log(), "a b c ");
}

// Whatever fails and when: what was acked is there, what was refused is not, nothing twice, no hole.
TEST_F(SqliteFault, InAStormOfFaultsTheLogIsWhatWasAcked) {
  std::mt19937_64 random(7);
  constexpr Fault faults[] = {Fault::disk_full, Fault::write_error, Fault::sync_error, Fault::commit_uncertain, Fault::none};
  std::string acked;
  int refused = 0;
  int in_flight = 0;
  for (int i = 0; i < 400; ++i) {
    if (random() % 3 == 0) vfs_.set_fault(faults[random() % 5], static_cast<int>(random() % 3));
    const std::string body = "m" + std::to_string(i);
    ++in_flight;
    store_->append({message(body)}, 1, [&, body](Result<Appends> result) {
      --in_flight;
      refused += result.ok() ? 0 : 1;
      if (result.ok()) acked += body + " ";
    });
    const int allowed = static_cast<int>(random() % 4);
    ASSERT_TRUE(executor_.run_until([&] { return in_flight <= allowed; }));
  }
  vfs_.clear_fault();
  ASSERT_TRUE(executor_.run_until([&] { return in_flight == 0; }));
  EXPECT_GT(refused, 10);
  EXPECT_GT(acked.size(), 500U);
  EXPECT_EQ(log(), acked);
}

}  // namespace
}  // namespace parley::contract
