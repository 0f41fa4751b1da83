#include "broker/server/clients.h"

#include <unistd.h>

#include "broker/server/proxy_mode.h"

namespace parley::server {

namespace {
constexpr MonoMs sweep_ms = 250;
// Beyond the limit so many more are let in to be told so; others are closed without a word.
constexpr std::int64_t told_over_limit = 256;
}  // namespace

Clients::Clients(net::Loop& loop, SocketCounters& counters, ConnectionLimit& limit, ConnectionSettings settings)
    : loop_(loop),
      counters_(counters),
      limit_(limit),
      settings_(settings),
      context_{loop, outbox_, counters, settings_, [this](SlotId id) { remove(id); }},
      sweeper_(loop),
      hook_(loop.at_turn_end([this] {
        // What a write led to (a drained client is given more) leaves with the next turn, so that nobody holds the loop.
        if (outbox_.flush()) loop_.post([] {});
      })) {
  sweeper_.every(sweep_ms, [this] { sweep(); });
}

Clients::~Clients() { loop_.remove_turn_end(hook_); }

void Clients::listen(net::ListenSocket socket, Reception reception) {
  listeners_.push_back(
      std::make_unique<net::TcpListener>(loop_, std::move(socket), [this, reception](int fd) { take_in(fd, reception); }));
}

void Clients::stop_listening() {
  refused_no_descriptor_ = refused_no_descriptor();
  listeners_.clear();
}

std::uint64_t Clients::refused_no_descriptor() const {
  std::uint64_t all = refused_no_descriptor_;
  for (const auto& listener : listeners_) all += listener->refused_no_descriptor();
  return all;
}

void Clients::take_in(int fd, const Reception& reception) {
  counters_.accepted.add();
  const std::int64_t open = limit_.open.fetch_add(1, std::memory_order_relaxed);
  const bool over = open >= limit_.max;
  if (over) counters_.end(Ended::over_limit);
  if (open >= limit_.max + told_over_limit) {
    limit_.open.fetch_sub(1, std::memory_order_relaxed);
    ::close(fd);
    return;
  }
  http::ConnectionContext& context = over ? reception.full_http : reception.http;
  UpgradeTarget& upgrades = over ? reception.full_upgrades : reception.upgrades;
  let_in(fd, reception.entrance, [&context, &upgrades](Connection& connection, const std::string& address, bool secure) {
    return std::make_unique<HttpMode>(connection, context, upgrades, address, secure);
  });
}

void Clients::let_in(int fd, const Entrance& entrance,
                     std::function<std::unique_ptr<Mode>(Connection&, const std::string& address, bool secure)> make) {
  auto made = std::make_unique<Connection>(context_, fd);
  Connection& connection = *made;
  const SlotId id = connections_.add(std::move(made));
  const std::string peer = connection.peer();
  auto next = [&connection, peer, tls = entrance.tls, make = std::move(make)](const std::string& client, bool secure) {
    if (tls != nullptr) connection.start_tls(*tls->current());
    return make(connection, client.empty() ? peer : client, secure || tls != nullptr);
  };
  if (entrance.proxies == nullptr || !http::is_trusted(*entrance.proxies, peer)) {
    std::unique_ptr<Mode> mode = next(peer, false);
    return connection.begin(id, std::move(mode));
  }
  connection.begin(
      id, std::make_unique<ProxyMode>(connection, counters_, loop_.mono_ms() + settings_.proxy_header_ms, std::move(next)));
}

void Clients::listen_for_mqtt(net::ListenSocket socket, mqtt::Exchange& exchange, Entrance entrance) {
  listeners_.push_back(std::make_unique<net::TcpListener>(
      loop_, std::move(socket), [this, &exchange, entrance](int fd) { take_in_mqtt(fd, exchange, entrance); }));
}

// Over the limit it is closed without a word: there is nothing to say before CONNECT.
void Clients::take_in_mqtt(int fd, mqtt::Exchange& exchange, const Entrance& entrance) {
  counters_.accepted.add();
  if (limit_.open.fetch_add(1, std::memory_order_relaxed) >= limit_.max) {
    limit_.open.fetch_sub(1, std::memory_order_relaxed);
    counters_.end(Ended::over_limit);
    ::close(fd);
    return;
  }
  let_in(fd, entrance, [&exchange](Connection& connection, const std::string& address, bool) {
    return std::make_unique<MqttMode>(connection, exchange, address);
  });
}

void Clients::remove(SlotId id) {
  std::unique_ptr<Connection> connection = connections_.take(id);
  if (!connection) return;
  limit_.open.fetch_sub(1, std::memory_order_relaxed);
  loop_.dispose(std::move(connection));
}

void Clients::sweep() {
  const MonoMs now = loop_.mono_ms();
  connections_.for_each([now](SlotId, Connection& connection) { connection.tick(now); });
}

void Clients::goaway(MonoMs spread_ms, Random& random) {
  connections_.for_each([&](SlotId, Connection& connection) {
    if (connection.mode() == nullptr) return;
    const MonoMs after = spread_ms == 0 ? 0 : static_cast<MonoMs>(random.next() % static_cast<std::uint64_t>(spread_ms));
    connection.mode()->goaway(after);
  });
}

void Clients::drain() {
  connections_.for_each([](SlotId, Connection& connection) {
    if (connection.mode() != nullptr) connection.mode()->drain();
  });
}

void Clients::cut_off_all() {
  connections_.for_each([](SlotId, Connection& connection) { connection.close_now(Ended::drained); });
}

}  // namespace parley::server
