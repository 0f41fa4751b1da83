#pragma once

// What a worker's sockets count. The worker adds, any thread reads (metrics.cpp).

#include <array>

#include "broker/core/counters.h"
#include "http/settings.h"

namespace parley::server {

// Why a connection ended before its client or a finished exchange ended it.
enum class Ended : unsigned char {
  silent,         // two heartbeats without a byte
  write_stalled,  // congested without progress
  broken,         // reset by the peer, or by the network
  over_limit,     // connections_max
  drained,        // the server stopped
  tls_failed,     // no handshake, or bytes that are not the peer's
  count,
};

struct SocketCounters {
  Gauge connections;  // open ones, of any kind
  Gauge websockets;
  Counter accepted;
  Counter bytes_in;
  Counter bytes_out;  // handed to the kernel or queued for it
  Counter messages_in;
  Counter websocket_violations;  // of RFC 6455
  Counter proxy_refused;         // connections of trusted proxies without a PROXY header, or with a malformed one
  Gauge refused_no_descriptor;   // connections turned away because no descriptor was left
  Gauge readers_borrowed;        // WebSocket connections in the middle of a frame or message
  std::array<Counter, static_cast<unsigned>(Ended::count)> ended;

  void end(Ended why) { ended[static_cast<unsigned>(why)].add(); }
};

// The plain numbers of http::Counters, copied now and then to where other threads may read them.
struct HttpMirror {
  Gauge requests, malformed, too_large, not_supported, timed_out, overdue, idle_closed, cut_off, paused, requests_max_closed,
      unanswered, upgrades, upgrades_refused;
  std::array<Gauge, 6> answers;

  // The sums over several contexts.
  template <typename... Counters>
  void copy(const Counters&... from) {
    const auto sum = [&](Gauge& to, std::uint64_t http::Counters::*field) {
      to.set(static_cast<std::int64_t>((std::uint64_t{0} + ... + (from.*field))));
    };
    sum(requests, &http::Counters::requests);
    sum(malformed, &http::Counters::malformed);
    sum(too_large, &http::Counters::too_large);
    sum(not_supported, &http::Counters::not_supported);
    sum(timed_out, &http::Counters::timed_out);
    sum(overdue, &http::Counters::overdue);
    sum(idle_closed, &http::Counters::idle_closed);
    sum(cut_off, &http::Counters::cut_off);
    sum(paused, &http::Counters::paused);
    sum(requests_max_closed, &http::Counters::requests_max_closed);
    sum(unanswered, &http::Counters::unanswered);
    sum(upgrades, &http::Counters::upgrades);
    sum(upgrades_refused, &http::Counters::upgrades_refused);
    for (std::size_t i = 0; i < answers.size(); ++i)
      answers[i].set(static_cast<std::int64_t>((std::uint64_t{0} + ... + from.answers[i])));
  }
};

}  // namespace parley::server
