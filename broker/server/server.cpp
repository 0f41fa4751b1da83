#include "broker/server/server.h"

#include <unistd.h>

#include <algorithm>
#include <climits>
#include <csignal>
#include <thread>

#include "broker/net/signal_watcher.h"
#include "broker/server/process_stats.h"
#include "broker/server/web_client.h"
#include "broker/server/worker.h"

namespace parley::server {

namespace {

unsigned worker_count(const Config& config) {
  if (config.workers != 0) return config.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

net::ListenLimits listen_limits(const Config& config) {
  return {static_cast<int>(config.backlog), static_cast<int>(std::min<std::size_t>(config.kernel_unsent, INT_MAX))};
}

// Everything of a running server, in the order in which it is made; destroyed the other way round.
class Server {
 public:
  explicit Server(const Config& config) : process_(config), log_loop_(config, process_.readiness) {}

  Status start();
  void run();

 private:
  Status check_addresses();
  void connect_metrics();
  Status open_listeners();
  Status open_mqtt_listeners(const std::string& at, bool tls);
  void reload_certificate();
  void stop_requested();
  void stop_at_once();
  std::int64_t websockets_open() const;
  void begin_drain();
  void drained();

  Process process_;
  net::Loop main_loop_;
  LogLoop log_loop_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<net::SignalWatcher>> signals_;
  std::unique_ptr<net::Timer> timer_;
  std::unique_ptr<net::Timer> deadline_;
  bool drain_begun_ = false;
  unsigned still_draining_ = 0;
};

Status Server::start() {
  const Config& config = process_.config;
  process_.connections.max = config.connections_max;
  if (Status addresses = check_addresses(); !addresses) return addresses;
  Result<http::ForwardedPolicy> forwarded = forwarded_policy(config);
  if (!forwarded) return forwarded.error();
  process_.forwarded = std::move(*forwarded);
  Result<std::optional<http::StaticFiles>> web_client = load_web_client(config);
  if (!web_client) return web_client.error();
  process_.web_client = std::move(*web_client);
  const std::uint64_t descriptors = raise_descriptor_limit();
  if (descriptors < config.connections_max) {
    log::info("the limit on file descriptors is below --connections-max",
              {{"descriptors", descriptors}, {"connections_max", config.connections_max}});
  }
  if (Status tls = load_tls(config, process_.tls); !tls) return tls;
  if (Status opened = log_loop_.open(); !opened) return opened;

  const unsigned count = worker_count(config);
  for (unsigned i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(i, process_, log_loop_));
  connect_metrics();
  if (Status listening = open_listeners(); !listening) return listening;
  for (const int number : {SIGTERM, SIGINT}) {
    signals_.push_back(std::make_unique<net::SignalWatcher>(main_loop_, number, [this] { stop_requested(); }));
  }
  if (process_.tls.loaded()) {
    signals_.push_back(std::make_unique<net::SignalWatcher>(main_loop_, SIGHUP, [this] { reload_certificate(); }));
  }
  log_loop_.start();
  for (const auto& worker : workers_) worker->start();
  return ok_status();
}

void Server::connect_metrics() {
  MetricsSources& sources = process_.metrics;
  for (const auto& worker : workers_) sources.workers.push_back(worker->metrics_source());
  sources.log = &log_loop_.log().counters();
  sources.mqtt_sessions = &log_loop_.mqtt().numbers();
  sources.accounts = &log_loop_.account_gauges();
  sources.log_loop = &log_loop_.loop();
  sources.readiness = &process_.readiness;
  sources.tls = &process_.tls;
  sources.connections_max = process_.connections.max;
}

// Before anything is touched on the disk: a second server on the same port or with a wrong address ends here.
Status Server::check_addresses() {
  const Config& config = process_.config;
  for (const auto& [text, flag] :
       {std::pair{config.listen, "--listen"}, std::pair{mqtt_in_clear(config), "--mqtt-listen"},
        std::pair{config.mqtts_listen, "--mqtts-listen"}, std::pair{config.metrics_listen, "--metrics-listen"}}) {
    if (text.empty() || text == "off") continue;
    const Result<net::Address> address = net::Address::parse(text);
    if (!address) return address.error();
    if (Status free = net::check_free(address.value()); !free) {
      Error error = free.error();
      error.message += "; choose another address with " + std::string(flag);
      if (text == config.mqtt_listen || text == config.mqtts_listen) error.message += ", or off for no MQTT over TCP";
      return error;
    }
  }
  return ok_status();
}

Status Server::open_listeners() {
  const Config& config = process_.config;
  const net::ListenLimits limits = listen_limits(config);
  net::Address address = net::Address::parse(config.listen).value();
  for (const auto& worker : workers_) {
    Result<net::ListenSocket> socket = net::listen_on(address, limits);
    if (!socket) return socket.error();
    address.port = socket->address.port;  // the first one's choice, when it was 0
    worker->listen(std::move(*socket));
  }
  if (address.host.empty()) address.host = "localhost";
  const std::string scheme = http_over_tls(config) ? "https://" : "http://";
  log::info("ready", {{"url", scheme + address.text() + "/"}, {"workers", workers_.size()}, {"version", PARLEY_VERSION}});
  if (Status mqtt = open_mqtt_listeners(mqtt_in_clear(config), false); !mqtt) return mqtt;
  if (Status mqtts = open_mqtt_listeners(config.mqtts_listen, true); !mqtts) return mqtts;
  if (config.metrics_listen.empty()) return ok_status();
  Result<net::ListenSocket> socket = net::listen_on(net::Address::parse(config.metrics_listen).value(), limits);
  if (!socket) return socket.error();
  log::info("metrics", {{"url", (config.tls_only ? "https://" : "http://") + socket->address.text() + "/metrics"}});
  workers_.front()->listen_for_metrics(std::move(*socket));
  return ok_status();
}

Status Server::open_mqtt_listeners(const std::string& at, bool tls) {
  const Config& config = process_.config;
  if (at == "off") return ok_status();
  net::Address address = net::Address::parse(at).value();
  for (const auto& worker : workers_) {
    Result<net::ListenSocket> socket = net::listen_on(address, listen_limits(config));
    if (!socket) return socket.error();
    address.port = socket->address.port;
    worker->listen_for_mqtt(std::move(*socket), tls);
  }
  log::info(tls ? "mqtts" : "mqtt", {{"address", address.text()}});
  return ok_status();
}

void Server::reload_certificate() {
  if (Status loaded = load_tls(process_.config, process_.tls); !loaded)
    return log::error("the certificate stays the old one", {{"reason", loaded.error().message}});
  log::info("the certificate was read again: connections from now on get it");
}

void Server::run() {
  main_loop_.run();
  log_loop_.join();
  signals_.clear();
  timer_.reset();
  deadline_.reset();
  workers_.clear();
  log::info("stopped");
}

void Server::stop_requested() {
  if (process_.readiness.draining.exchange(true)) return stop_at_once();
  const MonoMs spread = process_.config.drain_spread;
  log::info("draining", {{"connections", process_.connections.open.load()}, {"spread_ms", spread}});
  for (const auto& worker : workers_) worker->goaway(spread);
  timer_ = std::make_unique<net::Timer>(main_loop_);
  // Clients have the spread to move; when all have moved earlier, nobody is waited for.
  timer_->every(20, [this, until = main_loop_.mono_ms() + spread] {
    if (main_loop_.mono_ms() < until && websockets_open() != 0) return;
    timer_->stop();
    begin_drain();
  });
  deadline_ = std::make_unique<net::Timer>(main_loop_);
  deadline_->once(process_.config.drain_deadline, [this] {
    log::warn("cutting off what did not finish in time", {{"connections", process_.connections.open.load()}});
    for (const auto& worker : workers_) worker->cut_off_all();
  });
}

// A second signal: clients are waited for no longer, storage for a second. What was acknowledged is safe either way.
void Server::stop_at_once() {
  log::warn("stopping at once: a second signal came", {{"connections", process_.connections.open.load()}});
  ::alarm(1);
  timer_->stop();
  begin_drain();
  for (const auto& worker : workers_) worker->cut_off_all();
}

std::int64_t Server::websockets_open() const {
  std::int64_t open = 0;
  for (const WorkerSource& worker : process_.metrics.workers) open += worker.sockets->websockets.get();
  return open;
}

void Server::begin_drain() {
  if (std::exchange(drain_begun_, true)) return;
  still_draining_ = static_cast<unsigned>(workers_.size());
  for (const auto& worker : workers_) {
    worker->drain([this] { main_loop_.post([this] { drained(); }); });
  }
}

void Server::drained() {
  if (--still_draining_ != 0) return;
  for (const auto& worker : workers_) worker->stop();
  for (const auto& worker : workers_) worker->join();
  log_loop_.close([this] { main_loop_.stop(); });
}

}  // namespace

int run_server(const Config& config) {
  net::ignore_broken_pipes();
  Server server(config);
  if (const Status status = server.start(); !status) {
    log::error("cannot start", {{"reason", status.error().message}});
    return 1;
  }
  server.run();
  return 0;
}

}  // namespace parley::server
