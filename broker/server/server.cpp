#include "broker/server/server.h"

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <thread>

#include "broker/net/signal_watcher.h"
#include "broker/server/worker.h"

namespace parley::server {

namespace {

unsigned worker_count(const Config& config) {
  if (config.workers != 0) return config.workers;
  return std::max(1U, std::thread::hardware_concurrency());
}

// Everything of a running server, in the order in which it is made; destroyed the other way round.
class Server {
 public:
  explicit Server(const Config& config) : process_{config, {}, {}} { process_.connections.max = config.connections_max; }

  Status start();
  void run();

 private:
  Status open_listeners();
  void stop_requested();
  void begin_drain();
  void drained();

  Process process_;
  net::Loop main_loop_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<std::unique_ptr<net::SignalWatcher>> signals_;
  std::unique_ptr<net::Timer> timer_;
  std::unique_ptr<net::Timer> deadline_;
  unsigned still_draining_ = 0;
};

Status Server::start() {
  process_.readiness.storage = true;
  const unsigned count = worker_count(process_.config);
  for (unsigned i = 0; i < count; ++i) workers_.push_back(std::make_unique<Worker>(i, process_));
  if (Status status = open_listeners(); !status) return status;
  for (const int number : {SIGTERM, SIGINT}) {
    signals_.push_back(std::make_unique<net::SignalWatcher>(main_loop_, number, [this] { stop_requested(); }));
  }
  for (const auto& worker : workers_) worker->start();
  return ok_status();
}

Status Server::open_listeners() {
  Result<net::Address> wanted = net::Address::parse(process_.config.listen);
  if (!wanted) return wanted.error();
  if (Status status = net::check_free(*wanted); !status) return status;
  net::Address address = *wanted;
  for (const auto& worker : workers_) {
    Result<net::ListenSocket> socket = net::listen_on(address, static_cast<int>(process_.config.backlog));
    if (!socket) return socket.error();
    address.port = socket->address.port;  // the first one's choice, when it was 0
    worker->listen(std::move(*socket));
  }
  const std::string host = address.host.empty() ? "localhost" : address.host;
  log::info("ready", {{"url", "http://" + net::Address{host, address.port}.text() + "/"}, {"workers", workers_.size()}, {"version", PARLEY_VERSION}});
  return ok_status();
}

void Server::run() {
  main_loop_.run();
  for (const auto& worker : workers_) worker->stop();
  for (const auto& worker : workers_) worker->join();
  signals_.clear();
  timer_.reset();
  deadline_.reset();
  workers_.clear();
  log::info("stopped");
}

void Server::stop_requested() {
  if (process_.readiness.draining.exchange(true)) {
    log::warn("stopping at once: a second signal came");
    ::_exit(130);
  }
  const MonoMs spread = process_.config.drain_spread;
  log::info("draining", {{"connections", process_.connections.open.load()}, {"spread_ms", spread}});
  for (const auto& worker : workers_) worker->goaway(spread);
  timer_ = std::make_unique<net::Timer>(main_loop_);
  timer_->once(process_.connections.open.load() == 0 ? 0 : spread, [this] { begin_drain(); });
  deadline_ = std::make_unique<net::Timer>(main_loop_);
  deadline_->once(process_.config.drain_deadline, [this] {
    log::warn("cutting off what did not finish in time", {{"connections", process_.connections.open.load()}});
    for (const auto& worker : workers_) worker->cut_off_all();
  });
}

void Server::begin_drain() {
  still_draining_ = static_cast<unsigned>(workers_.size());
  for (const auto& worker : workers_) {
    worker->drain([this] { main_loop_.post([this] { drained(); }); });
  }
}

void Server::drained() {
  if (--still_draining_ == 0) main_loop_.stop();
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
