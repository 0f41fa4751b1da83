#include "storage/sqlite/sqlite_store.h"

#include <sodium.h>

#include "storage/sqlite/accounts.h"
#include "storage/sqlite/epoch.h"
#include "storage/sqlite/history.h"
#include "storage/sqlite/mqtt_sessions.h"
#include "storage/sqlite/readers.h"
#include "storage/sqlite/retention.h"
#include "storage/sqlite/rooms.h"
#include "storage/sqlite/schema.h"
#include "storage/sqlite/sqlite_mqtt.h"
#include "storage/sqlite/writer.h"

namespace parley {

namespace sqlite {

namespace {

class SqliteStore final : public Store {
 public:
  SqliteStore(const SqliteSettings& settings, Executor& owner, std::unique_ptr<OwnerFile> owner_file,
              std::unique_ptr<Connection> connection, std::string epoch)
      : settings_(settings),
        answers_(owner),
        epoch_(std::move(epoch)),
        owner_file_(std::move(owner_file)),
        checkpointer_(settings),
        readers_(settings, answers_),
        writer_(settings, std::move(connection), epoch_, checkpointer_, answers_),
        mqtt_(readers_, writer_) {}

  ~SqliteStore() override {
    answers_.end();
    if (!closing_) shut_down();
    if (closer_.joinable()) closer_.join();
  }

  std::string epoch() const override { return epoch_; }

  void append(std::vector<NewEntry> batch, UnixMs now, Reply<std::vector<Result<Appended>>> done) override {
    if (!closing_) writer_.append(std::move(batch), now, std::move(done));
  }
  void read(RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max, Reply<LogPage> done) override {
    ask<LogPage>(std::move(done), [=](Connection& c) { return read_log(c, room, after, entries_max, bytes_max); });
  }
  void history(HistoryQuery query, Reply<HistoryPage> done) override {
    ask<HistoryPage>(std::move(done), [query = std::move(query)](Connection& c) { return read_history(c, query); });
  }

  void find_room(std::string name, Reply<RoomInfo> done) override {
    ask<RoomInfo>(std::move(done), [name = std::move(name)](Connection& c) { return sqlite::find_room(c, name); });
  }
  void create_room(NewRoom room, UnixMs now, Reply<RoomInfo> done) override {
    change<RoomInfo>(std::move(done), [room = std::move(room), now](Connection& c) { return sqlite::create_room(c, room, now); });
  }
  void list_rooms(RoomsQuery query, Reply<std::vector<RoomView>> done) override {
    ask<std::vector<RoomView>>(std::move(done),
                               [query = std::move(query)](Connection& c) { return sqlite::list_rooms(c, query); });
  }
  void view_room(RoomId room, std::string user_id, Reply<RoomView> done) override {
    ask<RoomView>(std::move(done), [room, user = std::move(user_id)](Connection& c) { return sqlite::view_room(c, room, user); });
  }
  void find_member(RoomId room, std::string user_id, Reply<Member> done) override {
    ask<Member>(std::move(done), [room, user = std::move(user_id)](Connection& c) { return sqlite::find_member(c, room, user); });
  }
  void list_members(RoomId room, std::string after, unsigned limit, Reply<std::vector<Member>> done) override {
    ask<std::vector<Member>>(std::move(done), [room, after = std::move(after), limit](Connection& c) {
      return sqlite::list_members(c, room, after, limit);
    });
  }
  void set_read(RoomId room, std::string user_id, Seq seq, Reply<ReadMark> done) override {
    change<ReadMark>(std::move(done),
                     [room, user = std::move(user_id), seq](Connection& c) { return sqlite::set_read(c, room, user, seq); });
  }

  void create_account(Account account, Reply<Nothing> done) override {
    change<Nothing>(std::move(done),
                    [account = std::move(account)](Connection& c) { return sqlite::create_account(c, account); });
  }
  void find_account_by_name(std::string name, Reply<Account> done) override {
    ask<Account>(std::move(done), [name = std::move(name)](Connection& c) { return sqlite::find_account_by_name(c, name); });
  }
  void find_account(std::string id, Reply<Account> done) override {
    ask<Account>(std::move(done), [id = std::move(id)](Connection& c) { return sqlite::find_account(c, id); });
  }
  void put_refresh(RefreshToken token, Reply<Nothing> done) override {
    change<Nothing>(std::move(done), [token = std::move(token)](Connection& c) { return sqlite::put_refresh(c, token); });
  }
  void rotate_refresh(std::string old_hash, RefreshToken next, UnixMs now, Reply<RefreshToken> done) override {
    change<RefreshToken>(std::move(done), [old = std::move(old_hash), next = std::move(next), now](Connection& c) {
      return sqlite::rotate_refresh(c, old, next, now);
    });
  }
  void revoke_refresh(std::string hash, Reply<std::string> done) override {
    change<std::string>(std::move(done), [hash = std::move(hash)](Connection& c) { return sqlite::revoke_refresh(c, hash); });
  }

  void prune(Retention retention, UnixMs now, Reply<std::vector<Pruned>> done) override;
  // One process owns the file, so nobody else moves a head.
  void moved_heads(std::string /*since*/, Reply<MovedHeads> done) override {
    ask<MovedHeads>(std::move(done), [epoch = epoch_](Connection&) -> Result<MovedHeads> { return MovedHeads{"0", epoch, {}}; });
  }
  void durability(Reply<Durability> done) override {
    ask<Durability>(std::move(done), [](Connection&) -> Result<Durability> { return Durability::local; });
  }
  MqttStore* mqtt() override { return &mqtt_; }
  void probe(Reply<Nothing> done) override {
    change<Nothing>(std::move(done), [](Connection& c) {
      Query(c, "UPDATE writes SET count=count+1").run();
      return ok_status();
    });
  }
  void close(UniqueFunction<void()> done) override;

 private:
  template <typename T, typename Work>
  void ask(Reply<T> done, Work work) {
    if (!closing_) readers_.submit<T>(std::move(done), std::move(work));
  }
  template <typename T, typename Work>
  void change(Reply<T> done, Work work) {
    if (!closing_) writer_.submit<T>(std::move(done), std::move(work));
  }
  void shut_down();

  const SqliteSettings settings_;
  Answers answers_;
  const std::string epoch_;
  std::unique_ptr<OwnerFile> owner_file_;
  bool closing_ = false;
  Checkpointer checkpointer_;
  Readers readers_;
  Writer writer_;
  SqliteMqtt mqtt_;
  std::thread closer_;
};

// Two steps: found by a reader, removed by the writer.
void SqliteStore::prune(Retention retention, UnixMs now, Reply<std::vector<Pruned>> done) {
  ask<std::vector<Pruned>>(
      [this, retention, now, done = std::move(done)](Result<std::vector<Pruned>> plan) mutable {
        if (!plan.ok()) return done(std::move(plan));
        if (closing_) return done(Error{Code::unavailable, "the store is closing"});
        change<std::vector<Pruned>>(std::move(done), [plan = std::move(*plan), retention, now](Connection& c) {
          prune_refresh(c, now, retention.rows_max);
          return prune_rooms(c, plan);
        });
      },
      [retention, now](Connection& c) { return plan_pruning(c, retention, now); });
}

// Waits for work under way, so it runs on a thread of its own; the owner goes on to be handed the answers.
void SqliteStore::close(UniqueFunction<void()> done) {
  if (closing_) return;
  closing_ = true;
  mqtt_.close();
  closer_ = std::thread([this, done = std::move(done)]() mutable {
    shut_down();
    answers_.post(std::move(done));
  });
}

void SqliteStore::shut_down() {
  readers_.finish();
  auto connection = writer_.finish();
  checkpointer_.finish();
  if (connection == nullptr) return;
  if (auto status = renew_word(*connection, *owner_file_, settings_.path); !status.ok()) {
    log::warn("the database was closed without its last word", {{"error", status.error().message}});
  }
  connection.reset();  // the last one: SQLite empties the WAL
  owner_file_.reset();
}

}  // namespace

}  // namespace sqlite

namespace {

// A database that this process alone has, its schema up to date.
struct Prepared {
  std::unique_ptr<sqlite::OwnerFile> owner_file;
  std::unique_ptr<sqlite::Connection> connection;
};

Result<Prepared> prepare(const SqliteSettings& settings) {
  if (settings.path.empty() || settings.path.front() == ':') {
    return {Code::bad_request, "an SQLite store needs the path of a file: sqlite:PATH"};
  }
  if (sodium_init() < 0) return {Code::internal, "libsodium cannot be initialised"};
  auto owner_file = sqlite::OwnerFile::lock(settings.path);
  if (!owner_file.ok()) return owner_file.error();
  auto connection = sqlite::Connection::open(settings, sqlite::Access::create);
  if (!connection.ok()) return connection.error();
  if (auto status = sqlite::prepare_schema(**connection, settings.path); !status.ok()) return status.error();
  return Prepared{std::move(*owner_file), std::move(*connection)};
}

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(const SqliteSettings& settings, Executor& owner) {
  auto prepared = prepare(settings);
  if (!prepared.ok()) return prepared.error();
  auto epoch = sqlite::settle_epoch(*prepared->connection, *prepared->owner_file, settings.path);
  if (!epoch.ok()) return epoch.error();
  sqlite::forget_leases(*prepared->connection);
  if (prepared->connection->failed()) return sqlite::describe_failure(*prepared->connection, settings.path);
  return std::unique_ptr<Store>(new sqlite::SqliteStore(settings, owner, std::move(prepared->owner_file),
                                                        std::move(prepared->connection), std::move(*epoch)));
}

Result<int> migrate_sqlite(const SqliteSettings& settings) {
  auto prepared = prepare(settings);
  if (!prepared.ok()) return prepared.error();
  return static_cast<int>(prepared->connection->pragma("PRAGMA user_version"));
}

Result<std::string> bump_sqlite_epoch(const SqliteSettings& settings) {
  auto prepared = prepare(settings);
  if (!prepared.ok()) return prepared.error();
  return sqlite::begin_epoch(*prepared->connection, *prepared->owner_file, settings.path);
}

}  // namespace parley
