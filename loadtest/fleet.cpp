#include "loadtest/fleet.h"

#include <algorithm>

#include "loadtest/monotonic.h"

namespace parley::loadtest {

namespace {
constexpr MonoMs tick_ms = 10;
constexpr std::int64_t backoff_first_ms = 20;
constexpr std::int64_t backoff_most_ms = 1000;
}  // namespace

Result<std::vector<LinkTarget>> Fleet::resolve(const Options& options, std::vector<sockaddr_storage>& addresses) {
  const std::vector<Url>& urls = options.urls;
  std::shared_ptr<const net::TlsContext> tls;
  if (std::any_of(urls.begin(), urls.end(), [](const Url& url) { return url.tls; })) {
    Result<std::shared_ptr<const net::TlsContext>> made = net::TlsContext::client(options.ca_file);
    if (!made) return made.error();
    tls = *made;
  }
  addresses.clear();
  addresses.reserve(urls.size());  // targets point into it
  std::vector<LinkTarget> targets;
  for (const Url& url : urls) {
    unsigned length = 0;
    Result<sockaddr_storage> address = net::resolve(url.address, length);
    if (!address) return address.error();
    addresses.push_back(*address);
    targets.push_back({&addresses.back(), length, url.websocket, url.authority(), url.path, subprotocol_of(url.protocol),
                       url.tls ? tls : nullptr, url.address.host});
  }
  return targets;
}

Fleet::Fleet(net::Loop& loop, const Options& options, ClientEvents& events)
    : loop_(loop), options_(options), events_(events), turn_(loop), timer_(loop) {
  timer_.every(tick_ms, [this] { tick(); });
}

Status Fleet::add(const std::vector<PlannedClient>& plan) {
  Result<std::vector<LinkTarget>> targets = resolve(options_, addresses_);
  if (!targets) return targets.error();
  targets_ = std::move(targets).value();
  states_.resize(plan.size());
  for (std::uint32_t i = 0; i < plan.size(); ++i) {
    clients_.push_back(make_client(options_.client, turn_, events_, i));
    for (const std::string& filter : plan[i].filters) clients_.back()->add_subscription(filter);
    states_[i].url = static_cast<std::uint32_t>(i % targets_.size());
  }
  return ok_status();
}

void Fleet::bring_up_all() {
  for (std::uint32_t i = 0; i < clients_.size(); ++i) bring_up(i);
}

void Fleet::bring_up(std::uint32_t client) {
  states_[client].wanted = true;
  queue_.push_back(client);
  open_more();
}

void Fleet::open_more() {
  while (connecting_ < options_.connecting && !queue_.empty()) {
    const std::uint32_t index = queue_.front();
    queue_.pop_front();
    State& state = states_[index];
    if (!state.wanted || state.connecting || state.is_up || resting_) continue;
    state.connecting = true;
    state.opened_ns = now_ns();
    ++connecting_;
    clients_[index]->open(targets_[state.url]);
  }
}

void Fleet::drop(std::uint32_t index) {
  State& state = states_[index];
  state.wanted = false;
  if (state.connecting) --connecting_;
  if (state.is_up) --up_;
  state.connecting = false;
  state.is_up = false;
  clients_[index]->drop();
}

void Fleet::came_up(const Client& client) {
  State& state = states_[client.index()];
  connect_latency_.record(now_ns() - state.opened_ns);
  --connecting_;
  ++up_;
  state.connecting = false;
  state.is_up = true;
  state.failures = 0;
  if (state.was_up) ++reconnects_;
  state.was_up = true;
  open_more();
}

void Fleet::went_down(const Client& client, const std::string& reason, std::int64_t after_ms) {
  State& state = states_[client.index()];
  if (state.connecting) --connecting_;
  if (state.is_up) --up_;
  state.connecting = false;
  state.is_up = false;
  ++failures_;
  last_failure_ = reason;
  // Elsewhere, the sooner the first time; everybody at a moment of their own.
  state.url = static_cast<std::uint32_t>((state.url + 1) % targets_.size());
  const std::int64_t step = std::min(backoff_first_ms << std::min<unsigned>(state.failures, 8), backoff_most_ms);
  if (state.failures < 100) ++state.failures;
  const std::int64_t jitter = static_cast<std::int64_t>(client.index()) * 7919 % step;
  if (state.wanted) later_.push({loop_.mono_ms() + std::max(after_ms, step / 2 + jitter), client.index()});
}

void Fleet::tick() {
  while (!later_.empty() && later_.top().due_ms <= loop_.mono_ms()) {
    queue_.push_back(later_.top().client);
    later_.pop();
  }
  open_more();
}

}  // namespace parley::loadtest
