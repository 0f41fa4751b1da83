#pragma once

// What a worker's sockets count. The worker adds, any thread reads (metrics.cpp).

#include <array>

#include "broker/core/counters.h"

namespace parley::server {

// Why a connection ended before its client or a finished exchange ended it.
enum class Ended : unsigned char {
  silent,         // two heartbeats without a byte
  write_stalled,  // congested without progress
  broken,         // reset by the peer, or by the network
  over_limit,     // connections_max
  drained,        // the server stopped
  count,
};

struct SocketCounters {
  Gauge connections;  // open ones, of any kind
  Gauge websockets;
  Counter accepted;
  Counter refused_no_descriptor;
  Counter bytes_in;
  Counter bytes_out;  // handed to the kernel or queued for it
  Counter messages_in;
  Counter websocket_violations;  // of RFC 6455
  std::array<Counter, static_cast<unsigned>(Ended::count)> ended;

  void end(Ended why) { ended[static_cast<unsigned>(why)].add(); }
};

// The plain numbers of http::Counters, copied where other threads may read them.
struct HttpMirror {
  static constexpr unsigned fields = 18;
  std::array<Gauge, fields> values;
};

}  // namespace parley::server
