#pragma once

// One worker: a loop on a thread of its own, with its listening sockets, connections, router and share of the rooms.
//
// Threads: made, started and destroyed by the main thread; everything it owns runs on its own. Functions say where they may be
// called.

#include <memory>
#include <optional>
#include <thread>

#include "broker/core/follower_queue.h"
#include "broker/net/listen_socket.h"
#include "broker/server/clients.h"
#include "broker/server/endpoints.h"
#include "broker/server/handlers.h"
#include "broker/server/log_loop.h"
#include "broker/server/metrics.h"
#include "broker/server/mqtt_mode.h"
#include "broker/server/news.h"
#include "broker/server/system_random.h"
#include "broker/server/worker_settings.h"
#include "http/static_files.h"

namespace parley::server {

// What all workers of the process share. Complete before the first worker starts.
struct Process {
  explicit Process(const Config& its_config) : config(its_config) {}
  const Config& config;
  http::ForwardedPolicy forwarded;
  std::optional<http::StaticFiles> web_client;
  Readiness readiness;
  ConnectionLimit connections;
  TlsFiles tls;
  MetricsSources metrics;
};

class Worker {
 public:
  Worker(unsigned index, Process& process, LogLoop& log_loop);
  ~Worker() = default;  // after join()
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // ---- before start()
  void listen(net::ListenSocket socket);
  // MQTT over TCP, with TLS or without.
  void listen_for_mqtt(net::ListenSocket socket, bool tls);
  // A port of its own for /metrics, /healthz and /readyz.
  void listen_for_metrics(net::ListenSocket socket);
  void start();

  // ---- any thread; carried out on the worker's loop
  // Asks clients to move within the spread.
  void goaway(MonoMs spread_ms);
  // No newcomers; refuses what is new, finishes what is under way, and tells `done` (on the worker's loop) when no connection is
  // left.
  void drain(UniqueFunction<void()> done);
  void cut_off_all();
  // Ends the thread's loop at the end of a turn; join() waits for it.
  void stop() { loop_.stop(); }
  void join();

  WorkerSource metrics_source() const;

 private:
  void add_endpoints();
  Clients::Entrance entrance(bool tls) const;
  std::unique_ptr<WebSocketMode> websocket(Wire& wire, std::size_t message_bytes_max);
  std::unique_ptr<Mode> open_native(Wire& wire);
  std::unique_ptr<Mode> open_mqtt(const http::Request& request, Wire& wire);
  std::unique_ptr<Mode> open_echo(Wire& wire);
  void tick();
  void publish_system_topics();
  void check_drained();

  const unsigned index_;
  Process& process_;
  net::Loop loop_;
  SystemRandom random_;
  SocketCounters sockets_;
  WorkerCounters rooms_;
  HttpMirror http_mirror_;

  NativeSettings native_settings_;
  api::JwtAuthenticator authenticator_;
  Remote<Log> log_;
  Hub hub_;
  net::Loop::HookId hub_hook_;  // before that of clients_: what it passes on leaves in the same turn
  News news_;
  FollowerQueue news_queue_;
  api::Api api_;

  mqtt::Settings mqtt_settings_;
  mqtt::Counters mqtt_counters_;
  MqttPasswords mqtt_passwords_;
  mqtt::Exchange mqtt_;
  MonoMs started_ = 0;
  MonoMs next_system_ = 0;

  websocket::ReaderPool readers_;
  WebSocketSettings websocket_settings_;
  WebSocketContext websockets_;
  http::Settings http_settings_;
  Endpoints endpoints_;
  Endpoints operations_;
  FullHouse full_house_;
  http::ConnectionContext http_;
  http::ConnectionContext operations_http_;
  http::ConnectionContext full_http_;
  Clients clients_;
  net::Timer ticker_;
  net::Timer drain_timer_;
  UniqueFunction<void()> drained_;
  std::thread thread_;
};

}  // namespace parley::server
