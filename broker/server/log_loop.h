#pragma once

// The log loop: a thread with the store, the log, the accounts, and the timers that drive them.
//
// Threads: made and destroyed by the main thread while its own does not run; log() and accounts() belong to its own (workers
// reach them through Remote).

#include <memory>
#include <thread>

#include "broker/cluster/bus.h"
#include "broker/core/log.h"
#include "broker/net/pool.h"
#include "broker/net/timer.h"
#include "broker/server/config.h"
#include "broker/server/mqtt_registry.h"
#include "broker/server/readiness.h"
#include "broker/server/system_random.h"
#include "http/api/accounts.h"
#include "http/api/tokens.h"

namespace parley::server {

// Numbers of the accounts, copied where other threads may read them.
struct AccountGauges {
  Gauge registered;
  Gauge logins;
  Gauge failed_logins;
  Gauge limited;
  Gauge reused_refresh_tokens;
  Gauge hashes_waiting;
  Gauge hashes_refused;
};

class LogLoop {
 public:
  LogLoop(const Config& config, Readiness& readiness);
  LogLoop(const LogLoop&) = delete;
  LogLoop& operator=(const LogLoop&) = delete;

  // Makes the data folder, opens the store, loads the token keys. Blocks. The errors say what to do next.
  Status open();
  void start();
  // Any thread: finishes what is under way, closes the store, ends the loop and calls `done` on its thread. join() waits for the
  // thread.
  void close(UniqueFunction<void()> done);
  void join();

  net::Loop& loop() { return loop_; }
  Log& log() { return *log_; }
  api::Accounts& accounts() { return *accounts_; }
  mqtt::Registry& mqtt() { return *mqtt_; }
  mqtt::Shares& mqtt_shares() { return *mqtt_shares_; }
  MqttWorkers& mqtt_workers() { return mqtt_workers_; }
  const api::Tokens& tokens() const { return *tokens_; }
  const AccountGauges& account_gauges() const { return account_gauges_; }

 private:
  // Password hashing on libuv's threads.
  class HashPool final : public api::Pool {
   public:
    explicit HashPool(net::Loop& loop) : loop_(loop) {}
    void run(UniqueFunction<void()> work, UniqueFunction<void()> done) override {
      net::start_job(loop_, std::move(work), std::move(done)).detach();
    }

   private:
    net::Loop& loop_;
  };

  void tick();
  void watch_storage();
  void watch_replicas();
  void watch_sessions();
  void copy_gauges();

  const Config& config_;
  Readiness& readiness_;
  net::Loop loop_;
  SystemRandom random_;
  HashPool pool_;
  std::unique_ptr<api::Tokens> tokens_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<cluster::Bus> bus_;
  std::unique_ptr<Log> log_;
  MqttWorkers mqtt_workers_;
  std::unique_ptr<mqtt::Registry> mqtt_;
  std::unique_ptr<mqtt::Shares> mqtt_shares_;
  std::unique_ptr<api::Hasher> hasher_;
  std::unique_ptr<api::Accounts> accounts_;
  AccountGauges account_gauges_;
  std::unique_ptr<net::Timer> ticker_;
  std::unique_ptr<net::Timer> catch_up_timer_;
  std::unique_ptr<net::Timer> mqtt_ticker_;
  std::uint64_t commits_then_ = 0;
  std::uint64_t failed_then_ = 0;
  std::uint64_t failed_saves_then_ = 0;
  unsigned quiet_ticks_ = 0;
  bool probing_ = false;
  std::thread thread_;
};

}  // namespace parley::server
