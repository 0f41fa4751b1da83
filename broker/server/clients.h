#pragma once

// The connections of one worker: takes them in up to the limit, sweeps their time-outs, drains them. On the worker's loop.

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "broker/base/random.h"
#include "broker/base/slot_map.h"
#include "broker/net/tcp_listener.h"
#include "broker/net/timer.h"
#include "broker/server/connection.h"
#include "broker/server/http_mode.h"
#include "broker/server/mqtt_mode.h"
#include "broker/server/tls_files.h"

namespace parley::server {

// Open connections of the whole process against the limit. Any thread.
struct ConnectionLimit {
  std::atomic<std::int64_t> open = 0;
  std::int64_t max = 0;
};

class Clients {
 public:
  // How a newcomer comes in: first the proxy's header, then TLS.
  struct Entrance {
    const http::ForwardedPolicy* proxies = nullptr;  // whose connections begin with a PROXY header; null: nobody's
    const TlsFiles* tls = nullptr;                   // null: in clear
  };
  // What a newcomer is met with.
  struct Reception {
    http::ConnectionContext& http;
    UpgradeTarget& upgrades;
    http::ConnectionContext& full_http;  // over the limit
    UpgradeTarget& full_upgrades;
    Entrance entrance;
  };

  Clients(net::Loop& loop, SocketCounters& counters, ConnectionLimit& limit, ConnectionSettings settings);
  ~Clients();
  Clients(const Clients&) = delete;
  Clients& operator=(const Clients&) = delete;

  void listen(net::ListenSocket socket, Reception reception);
  void listen_for_mqtt(net::ListenSocket socket, mqtt::Exchange& exchange, Entrance entrance);
  // No more newcomers; those that the kernel has taken already still come in.
  void stop_listening();

  // Tells clients to move, each at a time out of [0, spread).
  void goaway(MonoMs spread_ms, Random& random);
  // Asks all to finish; they go as they are done.
  void drain();
  void cut_off_all();
  std::size_t size() const { return connections_.size(); }
  std::uint64_t refused_no_descriptor() const;

 private:
  void take_in(int fd, const Reception& reception);
  void take_in_mqtt(int fd, mqtt::Exchange& exchange, const Entrance& entrance);
  // `make` is given the client's address and whether it came over TLS.
  void let_in(int fd, const Entrance& entrance,
              std::function<std::unique_ptr<Mode>(Connection&, const std::string& address, bool secure)> make);
  void sweep();
  void remove(SlotId id);

  net::Loop& loop_;
  SocketCounters& counters_;
  ConnectionLimit& limit_;
  ConnectionSettings settings_;
  Outbox outbox_;
  ConnectionContext context_;
  SlotMap<Connection> connections_;
  std::vector<std::unique_ptr<net::TcpListener>> listeners_;
  std::uint64_t refused_no_descriptor_ = 0;  // by listeners that are gone
  net::Timer sweeper_;
  net::Loop::HookId hook_;
};

}  // namespace parley::server
