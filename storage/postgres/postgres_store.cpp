#include "storage/postgres/postgres_store.h"

#include <sodium.h>

#include <chrono>
#include <thread>

#include "broker/base/log.h"
#include "storage/postgres/accounts.h"
#include "storage/postgres/append.h"
#include "storage/postgres/channel.h"
#include "storage/postgres/heads.h"
#include "storage/postgres/history.h"
#include "storage/postgres/postgres_mqtt.h"
#include "storage/postgres/retention.h"
#include "storage/postgres/rooms.h"
#include "storage/postgres/schema.h"

namespace parley {

namespace postgres {

namespace {

constexpr MonoMs sweep_ms = 500;

std::string random_bytes() {
  std::string bytes(16, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}

class PostgresStore final : public Store, private ChannelOwner {
 public:
  PostgresStore(net::Loop& loop, const PostgresSettings& settings, const std::string& replica,
                std::unique_ptr<Connector> connector, Opened opened)
      : loop_(loop),
        settings_(settings),
        context_{replica, settings.entry_bytes_max},
        connector_(std::move(connector)),
        appends_(loop, *connector_, settings_, {Duty::append, 1, true}, *this),
        changes_(loop, *connector_, settings_, {Duty::change, 16, true}, *this),
        mqtt_changes_(loop, *connector_, settings_, {Duty::mqtt, 1, true}, *this),
        mqtt_(
            fenced_name(Duty::mqtt, replica),
            [this](std::unique_ptr<Call> call) {
              if (!closing_) mqtt_changes_.submit(std::move(call));
            },
            [this](std::unique_ptr<Call> call) { ask(std::move(call)); }),
        sweeper_(loop) {
    for (unsigned i = 0; i < std::max(1U, settings_.readers); ++i) {
      readers_.push_back(std::make_unique<Channel>(loop, *connector_, settings_, ChannelSettings{Duty::read, 32, false},
                                                   static_cast<ChannelOwner&>(*this)));
      readers_.back()->start();
    }
    appends_.start(std::move(opened));
    changes_.start();
    mqtt_changes_.start();
    sweeper_.every(sweep_ms, [this] { sweep(); });
  }
  ~PostgresStore() override { *alive_ = false; }

  std::string epoch() const override { return epoch_; }
  bool available() const override { return !appends_.cut_off(); }

  void append(std::vector<NewEntry> batch, UnixMs now, Reply<std::vector<Result<Appended>>> done) override;
  void read(RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max, Reply<LogPage> done) override {
    ask(read_log(room, after, entries_max, bytes_max, std::move(done)));
  }
  void history(HistoryQuery query, Reply<HistoryPage> done) override { ask(read_history(std::move(query), std::move(done))); }

  void find_room(std::string name, Reply<RoomInfo> done) override { ask(postgres::find_room(std::move(name), std::move(done))); }
  void create_room(NewRoom room, UnixMs now, Reply<RoomInfo> done) override {
    change(postgres::create_room(std::move(room), now, random_bytes(), std::move(done)));
  }
  void list_rooms(RoomsQuery query, Reply<std::vector<RoomView>> done) override {
    ask(postgres::list_rooms(std::move(query), std::move(done)));
  }
  void view_room(RoomId room, std::string user_id, Reply<RoomView> done) override {
    ask(postgres::view_room(room, std::move(user_id), std::move(done)));
  }
  void find_member(RoomId room, std::string user_id, Reply<Member> done) override {
    ask(postgres::find_member(room, std::move(user_id), std::move(done)));
  }
  void list_members(RoomId room, std::string after, unsigned limit, Reply<std::vector<Member>> done) override {
    ask(postgres::list_members(room, std::move(after), limit, std::move(done)));
  }
  void set_read(RoomId room, std::string user_id, Seq seq, Reply<ReadMark> done) override {
    change(postgres::set_read(room, std::move(user_id), seq, std::move(done)));
  }

  void create_account(Account account, Reply<Nothing> done) override {
    change(postgres::create_account(std::move(account), std::move(done)));
  }
  void find_account_by_name(std::string name, Reply<Account> done) override {
    ask(postgres::find_account_by_name(std::move(name), std::move(done)));
  }
  void find_account(std::string id, Reply<Account> done) override { ask(postgres::find_account(std::move(id), std::move(done))); }
  void put_refresh(RefreshToken token, Reply<Nothing> done) override {
    change(postgres::put_refresh(std::move(token), std::move(done)));
  }
  void rotate_refresh(std::string old_hash, RefreshToken next, UnixMs now, Reply<RefreshToken> done) override {
    change(postgres::rotate_refresh(std::move(old_hash), std::move(next), now, std::move(done)));
  }
  void revoke_refresh(std::string hash, Reply<std::string> done) override;

  void prune(Retention retention, UnixMs now, Reply<std::vector<Pruned>> done) override;
  void moved_heads(std::string since, Reply<MovedHeads> done) override {
    ask(postgres::moved_heads(std::move(since), [this, done = std::move(done)](Result<MovedHeads> moved) mutable {
      if (moved.ok()) set_epoch(moved->epoch);
      done(std::move(moved));
    }));
  }
  MqttStore* mqtt() override { return &mqtt_; }
  void durability(Reply<Durability> done) override { ask(postgres::durability(std::move(done))); }
  // On the connection of the appends: that one has to work.
  void probe(Reply<Nothing> done) override {
    if (!closing_) appends_.submit(postgres::probe(context_.replica, std::move(done)));
  }
  void close(UniqueFunction<void()> done) override;

 private:
  void ask(std::unique_ptr<Call> call);
  void change(std::unique_ptr<Call> call) {
    if (!closing_) changes_.submit(std::move(call));
  }
  void set_epoch(const std::string& epoch);
  void sweep();

  // ---- ChannelOwner
  void on_connected(const Opened& opened) override {
    if (!opened.epoch.empty()) set_epoch(opened.epoch);
    for (Channel* channel : {&appends_, &changes_, &mqtt_changes_}) channel->database_is_back();
    for (const auto& reader : readers_) reader->database_is_back();
  }
  void on_finished() override;

  net::Loop& loop_;
  const PostgresSettings settings_;
  const AppendContext context_;
  EntryKeys keys_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::string epoch_;
  std::unique_ptr<Connector> connector_;
  Channel appends_;
  Channel changes_;
  Channel mqtt_changes_;
  PostgresMqtt mqtt_;
  std::vector<std::unique_ptr<Channel>> readers_;
  net::Timer sweeper_;
  bool closing_ = false;
  MonoMs close_deadline_ = 0;
  std::size_t unfinished_ = 0;
  UniqueFunction<void()> closed_;
};

void PostgresStore::append(std::vector<NewEntry> batch, UnixMs now, Reply<std::vector<Result<Appended>>> done) {
  if (closing_) return;
  std::vector<Result<Appended>> results;
  auto call = make_append(context_, keys_, std::move(batch), now, done, results);
  if (call != nullptr) return appends_.submit(std::move(call));
  // Nothing of it has to be asked. Behind those that are under way, for the order of the answers.
  appends_.submit(
      postgres::nothing([done = std::move(done), results = std::move(results)]() mutable { done(std::move(results)); }));
}

void PostgresStore::ask(std::unique_ptr<Call> call) {
  if (closing_) return;
  // The one with the least to do, of those that can.
  Channel* best = nullptr;
  for (const auto& each : readers_) {
    if (best == nullptr || best->cut_off() || (!each->cut_off() && each->load() < best->load())) best = each.get();
  }
  best->submit(std::move(call));
}

void PostgresStore::revoke_refresh(std::string hash, Reply<std::string> done) {
  change(find_family(std::move(hash), [this, done = std::move(done)](Result<std::string> family) mutable {
    if (!family.ok()) return done(std::move(family));
    if (closing_) return done(Error{Code::unavailable, "the store is closing"});
    change(revoke_family(std::move(*family), std::move(done)));
  }));
}

void PostgresStore::prune(Retention retention, UnixMs now, Reply<std::vector<Pruned>> done) {
  change(prune_rest(now, now - settings_.moves_kept_ms, retention.rows_max, [](Status status) {
    if (!status.ok()) log::warn("pruning failed", {{"error", status.error().message}});
  }));
  if (retention.entries_max == 0 && retention.age_max_ms == 0) {
    return appends_.submit(postgres::nothing([done = std::move(done)]() mutable { done(std::vector<Pruned>()); }));
  }
  ask(plan_pruning(retention, now, [this, done = std::move(done)](Result<std::vector<Pruned>> plan) mutable {
    if (!plan.ok() || plan->empty()) return done(std::move(plan));
    if (closing_) return done(Error{Code::unavailable, "the store is closing"});
    change(prune_rooms(std::move(*plan), std::move(done)));
  }));
}

void PostgresStore::set_epoch(const std::string& epoch) {
  if (!epoch_.empty() && epoch != epoch_) log::warn("the log begins a new epoch", {{"epoch", epoch}});
  epoch_ = epoch;
}

void PostgresStore::sweep() {
  appends_.sweep();
  changes_.sweep();
  mqtt_changes_.sweep();
  for (const auto& each : readers_) each->sweep();
  if (!closing_ || loop_.mono_ms() < close_deadline_) return;
  if (appends_.load() > 0) log::error("storage did not answer before the end", {{"calls", appends_.load()}});
  appends_.abandon();
  changes_.abandon();
  mqtt_changes_.abandon();
  for (const auto& each : readers_) each->abandon();
}

void PostgresStore::close(UniqueFunction<void()> done) {
  if (closing_) return;
  closing_ = true;
  closed_ = std::move(done);
  close_deadline_ = loop_.mono_ms() + settings_.close_wait_ms;
  unfinished_ = 3 + readers_.size();
  appends_.finish();
  changes_.finish();
  mqtt_changes_.finish();
  for (const auto& each : readers_) each->finish();
}

void PostgresStore::on_finished() {
  if (--unfinished_ > 0) return;
  auto closed = std::move(closed_);  // it may destroy the store
  closed();
}

// At start the database may come up together with us.
Result<Session> connect_patiently(const PostgresSettings& settings) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::milliseconds(settings.start_wait_ms);
  for (bool said = false;; said = true) {
    auto session = Session::connect(settings, nullptr);
    if (session.ok() || session.error().code != Code::unavailable || std::chrono::steady_clock::now() >= until) return session;
    if (!said) log::warn("waiting for the database", {{"error", session.error().message}});
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
}

Result<Session> prepare(const PostgresSettings& settings) {
  if (sodium_init() < 0) return {Code::internal, "libsodium cannot be initialised"};
  auto session = connect_patiently(settings);
  if (!session.ok()) return session;
  if (auto version = prepare_schema(*session); !version.ok()) return version.error();
  return session;
}

}  // namespace

}  // namespace postgres

Result<std::unique_ptr<Store>> open_postgres(const PostgresSettings& settings, net::Loop& loop) {
  auto session = postgres::prepare(settings);
  if (!session.ok()) return session.error();
  postgres::warn_of_settings(*session);
  const std::string replica = postgres::random_bytes();
  auto connector = std::make_unique<postgres::Connector>(loop, settings, replica);
  auto opened = connector->open_now(postgres::Duty::append);
  if (!opened.ok()) return opened.error();
  return std::unique_ptr<Store>(
      new postgres::PostgresStore(loop, settings, replica, std::move(connector), std::move(opened).value()));
}

Result<int> migrate_postgres(const PostgresSettings& settings) {
  auto session = postgres::prepare(settings);
  if (!session.ok()) return session.error();
  return postgres::prepare_schema(*session);
}

Result<std::string> bump_postgres_epoch(const PostgresSettings& settings) {
  auto session = postgres::prepare(settings);
  if (!session.ok()) return session.error();
  // One that names this place, so that the next start does not begin another one.
  const std::string fresh = postgres::new_epoch();
  auto rows = session->ask("SELECT bump_epoch($1::text)", postgres::Params().bytes(fresh));
  if (!rows.ok()) return rows.error();
  return rows->text(0, 0);
}

}  // namespace parley
