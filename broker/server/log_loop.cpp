#include "broker/server/log_loop.h"

#include <pthread.h>

#include <algorithm>
#include <filesystem>

#include "broker/base/log.h"
#include "broker/server/bus_settings.h"
#include "broker/server/store_settings.h"
#include "http/api/token_keys.h"

namespace parley::server {

namespace {

constexpr MonoMs tick_ms = 1000;
constexpr MonoMs catch_up_ms = 10;  // by so much a hole may be looked at too late
constexpr MonoMs mqtt_tick_ms = 100;
// An idle store is asked this often whether it could commit.
constexpr unsigned ticks_between_probes = 10;

HashKey random_key(Random& random) { return {random.next(), random.next()}; }

LogSettings log_settings(const Config& config, Random& random) {
  LogSettings settings;
  settings.hash_key = random_key(random);
  settings.mqtt_body_bytes = config.mqtt_packet_bytes;
  settings.rooms.name_bytes = config.mqtt_topic_bytes;
  settings.rooms.name_levels = config.mqtt_topic_levels;
  settings.rooms.auto_create = config.auto_create;
  settings.batches.batch_entries = config.batch_entries;
  settings.batches.queue_entries = config.queue_entries;
  settings.batches.turns = true;
  settings.batches.doubt_ms = config.doubt_wait;
  settings.body_bytes = config.frame_bytes;
  settings.retention.entries_max = config.retention_entries;
  settings.retention.age_max_ms = config.retention_age;
  settings.retention.held_entries_max = config.mqtt_held_entries_max;
  settings.presence.names = config.presence_names;
  settings.presence.ttl_ms = config.presence_ttl;
  settings.catch_up.replicated = config.database.starts_with("postgres");
  settings.catch_up.heads_poll_ms = config.heads_poll;
  settings.catch_up.heads_poll_away_ms = config.heads_poll_away;
  settings.catch_up.gap_wait_ms = config.gap_wait;
  settings.peers.revocations_ms = config.access_token_ttl;
  return settings;
}

Status make_folder(const std::string& folder) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (!failed) return ok_status();
  return {Code::unavailable, "cannot make the data folder " + folder + ": " + failed.message() +
                                 "; choose another one with --data-dir, or make it writable"};
}

}  // namespace

LogLoop::LogLoop(const Config& config, Readiness& readiness) : config_(config), readiness_(readiness), pool_(loop_) {}

Status LogLoop::open() {
  if (Status made = make_folder(config_.data_dir); !made) return made;
  Result<std::unique_ptr<Store>> store = open_store(store_settings(config_), loop_);
  if (!store) return store.error();
  Result<std::vector<api::TokenKey>> keys = api::load_or_create_token_keys(config_.data_dir + "/token.keys", random_);
  if (!keys) return keys.error();
  if (config_.production && std::any_of(keys->begin(), keys->end(), api::is_example)) {
    return {Code::bad_request,
            "--production: token.keys has an example's key; remove the file to have one made, or make one: openssl rand 32 | "
            "basenc --base64url"};
  }
  Result<api::HashCost> cost = api::parse_hash_cost(config_.password_cost, config_.insecure_test_mode);
  if (!cost) return cost.error();

  store_ = std::move(*store);
  api::TokenSettings token_settings;
  token_settings.lifetime_ms = config_.access_token_ttl;
  token_settings.guest_lifetime_ms = config_.guest_token_ttl;
  tokens_ = std::make_unique<api::Tokens>(std::move(*keys), token_settings);
  Result<std::unique_ptr<cluster::Bus>> bus = make_bus(config_, loop_, random_);
  if (!bus) return bus.error();
  bus_ = std::move(*bus);
  LogSettings settings = log_settings(config_, random_);
  settings.peers.replica = random_.id(16);
  const bool shared = settings.catch_up.replicated;
  readiness_.shared.store(shared);
  if (bus_) readiness_.redis.store(Readiness::Redis::away);
  if (bus_ && !shared) log::warn("--redis without a database that replicas share: nothing will come of it");
  log_ = std::make_unique<Log>(*store_, loop_, std::move(settings), bus_.get());
  mqtt::RegistrySettings registry_settings;
  registry_settings.sessions_max = config_.mqtt_sessions_max;
  registry_settings.owner = random_.id(16);
  registry_settings.shared = shared;
  registry_settings.lease_ms = config_.mqtt_lease;
  registry_settings.sweep_interval_ms = config_.mqtt_sweep_interval;
  registry_settings.wills_interval_ms = config_.mqtt_wills_interval;
  mqtt_ = std::make_unique<mqtt::Registry>(*log_, loop_, random_key(random_), registry_settings, mqtt_workers_, store_.get());
  mqtt::ShareStorage groups;
  groups.store = store_->mqtt();
  groups.owner = registry_settings.owner;
  groups.clock = &loop_;
  groups.opened = [this](SessionKey session) { mqtt_->set_share_session(session); };
  mqtt_shares_ = std::make_unique<mqtt::Shares>(*log_, random_key(random_), mqtt_workers_, std::move(groups));
  hasher_ = std::make_unique<api::Hasher>(pool_, api::HasherSettings{*cost, config_.password_queue});
  api::AccountSettings account_settings;
  account_settings.registration = config_.registration;
  account_settings.refresh_lifetime_ms = config_.refresh_token_ttl;
  accounts_ = std::make_unique<api::Accounts>(*store_, *hasher_, random_, loop_, account_settings,
                                              [this](const std::string& login) { log_->revoke_login(login); });
  ticker_ = std::make_unique<net::Timer>(loop_);
  ticker_->every(tick_ms, [this] { tick(); });
  if (shared) {
    catch_up_timer_ = std::make_unique<net::Timer>(loop_);
    catch_up_timer_->every(catch_up_ms, [this] { log_->work(); });
  }
  loop_.at_turn_end([this] { log_->end_turn(); });
  log_->start();
  mqtt_ticker_ = std::make_unique<net::Timer>(loop_);
  mqtt_ticker_->every(mqtt_tick_ms, [this] {
    mqtt_->tick();
    mqtt_shares_->tick();
  });
  readiness_.storage.store(true);
  return ok_status();
}

void LogLoop::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "log");
    loop_.run();
  });
}

void LogLoop::close(UniqueFunction<void()> done) {
  loop_.post([this, done = std::move(done)]() mutable {
    ticker_.reset();
    catch_up_timer_.reset();
    if (bus_) bus_->close();
    mqtt_ticker_.reset();
    mqtt_shares_->close();
    store_->close([this, done = std::move(done)]() mutable {
      loop_.stop();
      done();
    });
  });
}

void LogLoop::join() {
  if (thread_.joinable()) thread_.join();
}

void LogLoop::tick() {
  log_->tick();
  watch_storage();
  watch_replicas();
  watch_sessions();
  copy_gauges();
}

void LogLoop::watch_replicas() {
  if (bus_) readiness_.redis.store(log_->bus_connected() ? Readiness::Redis::ok : Readiness::Redis::away);
  readiness_.in_doubt.store(log_->counters().in_doubt.get());
  if (!readiness_.shared.load()) return;
  readiness_.heads_age_ms.store(log_->catch_up().heads_age());
  readiness_.lagging_rooms.store(static_cast<std::int64_t>(log_->catch_up().gaps()));
  store_->durability([this](const Result<Durability>& durability) {
    if (durability) readiness_.replicated.store(*durability == Durability::replicated);
  });
}

void LogLoop::watch_sessions() {
  const std::uint64_t failed = mqtt_->numbers().failed_saves.get();
  const std::uint64_t before = std::exchange(failed_saves_then_, failed);
  if (failed == before) return;
  log::error("MQTT sessions could not be saved: a crash now would send again what they have",
             {{"saves", failed - before}, {"reason", mqtt_->save_trouble()}});
}

// Storage is what its last commit was; without one for a while, or after a failed one, it is asked.
void LogLoop::watch_storage() {
  const LogCounters& counters = log_->counters();
  const std::uint64_t commits = counters.commits.get();
  const std::uint64_t failed = counters.failed_commits.get();
  const bool some_failed = failed != std::exchange(failed_then_, failed);
  const bool some_committed = commits != std::exchange(commits_then_, commits);
  // A store that knows that it is cut off need not be asked, whatever it committed before; a probe finds out when it is back.
  if (!store_->available()) {
    if (readiness_.storage.exchange(false)) log::error("storage takes no commits: it cannot be reached");
  } else if (some_failed) {
    readiness_.storage.store(false);
  } else if (some_committed) {
    readiness_.storage.store(true);
    quiet_ticks_ = 0;
    return;
  }
  if (probing_ || (readiness_.storage.load() && ++quiet_ticks_ < ticks_between_probes)) return;
  probing_ = true;
  quiet_ticks_ = 0;
  store_->probe([this](const Result<Nothing>& answer) {
    probing_ = false;
    if (readiness_.storage.exchange(answer.ok()) == answer.ok()) return;
    if (answer.ok()) {
      log::info("storage takes commits again");
    } else {
      log::error("storage takes no commits", {{"reason", answer.error().message}});
    }
  });
}

void LogLoop::copy_gauges() {
  const api::AccountCounters& from = accounts_->counters();
  const auto copy = [](Gauge& to, std::uint64_t value) { to.set(static_cast<std::int64_t>(value)); };
  copy(account_gauges_.registered, from.registered);
  copy(account_gauges_.logins, from.logins);
  copy(account_gauges_.failed_logins, from.failed_logins);
  copy(account_gauges_.limited, from.limited);
  copy(account_gauges_.reused_refresh_tokens, from.reused_refresh_tokens);
  copy(account_gauges_.hashes_waiting, hasher_->waiting());
  copy(account_gauges_.hashes_refused, hasher_->refused());
}

}  // namespace parley::server
