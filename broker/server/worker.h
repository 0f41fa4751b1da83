#pragma once

// One worker: a loop on a thread of its own, with its listening sockets, connections, router and share of the rooms.
//
// Threads: made, started and destroyed by the main thread; everything it owns runs on its own. Functions say where they may be called.

#include <memory>
#include <thread>
#include <vector>

#include "broker/net/listen_socket.h"
#include "broker/server/clients.h"
#include "broker/server/config.h"
#include "broker/server/endpoints.h"
#include "broker/server/handlers.h"
#include "broker/server/system_random.h"

namespace parley::server {

// What all workers of the process share.
struct Process {
  const Config& config;
  Readiness readiness;
  ConnectionLimit connections;
};

class Worker {
 public:
  Worker(unsigned index, Process& process);
  // After join().
  ~Worker() = default;
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  // Before start().
  void listen(net::ListenSocket socket);
  void start();

  // ---- any thread; carried out on the worker's loop
  // Asks clients to move within the spread.
  void goaway(MonoMs spread_ms);
  // No newcomers; finish what is under way, and tell `done` (on the worker's loop) when no connection is left.
  void drain(UniqueFunction<void()> done);
  void cut_off_all();
  // Ends the thread's loop at the end of a turn; join() waits for it.
  void stop() { loop_.stop(); }
  void join();

  unsigned index() const { return index_; }
  net::Loop& loop() { return loop_; }
  const SocketCounters& sockets() const { return sockets_; }

 private:
  void add_endpoints();
  std::unique_ptr<WebSocketMode> websocket(Wire& wire, std::size_t message_bytes_max);
  void check_drained();

  const unsigned index_;
  Process& process_;
  net::Loop loop_;
  SystemRandom random_;
  SocketCounters sockets_;
  websocket::ReaderPool readers_;
  WebSocketSettings websocket_settings_;
  WebSocketContext websockets_;
  http::Settings http_settings_;
  Endpoints endpoints_;
  FullHouse full_house_;
  http::ConnectionContext http_;
  http::ConnectionContext full_http_;
  Clients clients_;
  std::unique_ptr<net::Timer> drain_timer_;
  UniqueFunction<void()> drained_;
  std::thread thread_;
};

// The HTTP side's limits as the configuration says.
http::Settings http_settings(const Config& config);

}  // namespace parley::server
