#include "broker/server/worker.h"

#include <pthread.h>

#include "broker/server/mqtt_system.h"

namespace parley::server {

namespace {
constexpr MonoMs tick_ms = 250;
}

Worker::Worker(unsigned index, Process& process, LogLoop& log_loop)
    : index_(index),
      process_(process),
      native_settings_(native_settings(process.config)),
      authenticator_(log_loop.tokens(), random_, process.config.anonymous),
      log_(log_loop.log(), log_loop.loop(), loop_),
      hub_(log_, loop_, rooms_, HubSettings{.turns = true}),
      hub_hook_(loop_.at_turn_end([this] { hub_.end_turn(); })),
      news_(hub_, authenticator_),
      news_queue_(loop_, news_),
      api_(log_, Remote<api::Accounts>(log_loop.accounts(), log_loop.loop(), loop_), authenticator_, loop_,
           api_settings(process.config)),
      mqtt_settings_(mqtt_settings(process.config)),
      mqtt_passwords_(Remote<api::Accounts>(log_loop.accounts(), log_loop.loop(), loop_)),
      mqtt_({hub_, loop_, Remote<mqtt::Registry>(log_loop.mqtt(), log_loop.loop(), loop_),
             Remote<mqtt::Shares>(log_loop.mqtt_shares(), log_loop.loop(), loop_), authenticator_, mqtt_passwords_, random_,
             mqtt_settings_, mqtt_counters_},
            HashKey{random_.next(), random_.next()}),
      websocket_settings_(websocket_settings(process.config)),
      websockets_{loop_, readers_, sockets_, websocket_settings_},
      http_settings_(http_settings(process.config)),
      endpoints_(process.readiness, cors_policy(process.config)),
      operations_(process.readiness, {}),
      full_house_(endpoints_,
                  [this](const http::Request&, Wire& wire) {
                    auto mode = websocket(wire, websocket::control_payload_max);
                    mode->set_handler(std::make_unique<RefusingHandler>(*mode));
                    return mode;
                  }),
      http_(loop_, http_settings_, endpoints_),
      operations_http_(loop_, http_settings_, operations_),
      full_http_(loop_, http_settings_, full_house_),
      clients_(loop_, sockets_, process.connections, connection_settings(process.config)),
      ticker_(loop_),
      drain_timer_(loop_) {
  hub_.set_follower(log_loop.log().add_follower(news_queue_));
  log_loop.mqtt_workers().add(hub_.follower(), loop_, mqtt_);
  http_.forwarded = process.forwarded;
  add_endpoints();
  ticker_.every(tick_ms, [this] { tick(); });
}

void Worker::add_endpoints() {
  const Config& config = process_.config;
  const auto render = [this] { return render_metrics(process_.metrics); };
  if (config.metrics_listen.empty()) {
    endpoints_.add_operations(render);
  } else {
    endpoints_.add_operations(nullptr);
    operations_.add_operations(render);
  }
  api_.add_routes(endpoints_.router());
  if (process_.web_client) endpoints_.serve(*process_.web_client);
  endpoints_.add_websocket({.path = "/ws", .subprotocols = {"parley.v1"}, .subprotocol_required = false},
                           [this](const http::Request&, Wire& wire) { return open_native(wire); });
  endpoints_.add_websocket({.path = "/mqtt", .subprotocols = {"mqtt"}, .subprotocol_required = true},
                           [this](const http::Request& request, Wire& wire) { return open_mqtt(request, wire); });
  if (config.echo) {
    endpoints_.add_websocket({.path = "/echo", .subprotocols = {}, .subprotocol_required = false},
                             [this](const http::Request&, Wire& wire) { return open_echo(wire); });
  }
}

std::unique_ptr<WebSocketMode> Worker::websocket(Wire& wire, std::size_t message_bytes_max) {
  return std::make_unique<WebSocketMode>(wire, websockets_, message_bytes_max);
}

std::unique_ptr<Mode> Worker::open_native(Wire& wire) {
  auto mode = websocket(wire, process_.config.frame_bytes);
  mode->set_handler(std::make_unique<NativeHandler>(hub_, *mode, authenticator_, random_, native_settings_));
  return mode;
}

std::unique_ptr<Mode> Worker::open_mqtt(const http::Request& request, Wire& wire) {
  auto mode = websocket(wire, process_.config.mqtt_packet_bytes);
  mode->set_handler(std::make_unique<MqttHandler>(*mode, mqtt_, request.peer));
  return mode;
}

std::unique_ptr<Mode> Worker::open_echo(Wire& wire) {
  auto mode = websocket(wire, process_.config.echo_message_bytes);
  mode->set_handler(std::make_unique<EchoHandler>(*mode));
  return mode;
}

Clients::Entrance Worker::entrance(bool tls) const {
  return {process_.config.proxy_protocol ? &process_.forwarded : nullptr, tls ? &process_.tls : nullptr};
}

void Worker::listen(net::ListenSocket socket) {
  clients_.listen(std::move(socket), {http_, endpoints_, full_http_, full_house_, entrance(http_over_tls(process_.config))});
}

void Worker::listen_for_mqtt(net::ListenSocket socket, bool tls) {
  clients_.listen_for_mqtt(std::move(socket), mqtt_, entrance(tls));
}

void Worker::listen_for_metrics(net::ListenSocket socket) {
  const Clients::Entrance entrance{nullptr, process_.config.tls_only ? &process_.tls : nullptr};
  clients_.listen(std::move(socket), {operations_http_, operations_, operations_http_, operations_, entrance});
}

void Worker::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), ("worker-" + std::to_string(index_)).c_str());
    loop_.run();
  });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::tick() {
  hub_.tick();
  mqtt_.tick();
  publish_system_topics();
  http_mirror_.copy(http_.counters, full_http_.counters, operations_http_.counters);
  sockets_.readers_borrowed.set(static_cast<std::int64_t>(readers_.borrowed()));
  sockets_.refused_no_descriptor.set(static_cast<std::int64_t>(clients_.refused_no_descriptor()));
}

void Worker::publish_system_topics() {
  const MonoMs interval = process_.config.mqtt_sys_interval;
  const MonoMs now = loop_.mono_ms();
  if (started_ == 0) started_ = now;
  if (interval == 0 || now < next_system_) return;
  next_system_ = now + interval;
  mqtt_.publish_system(system_topics(process_.metrics, now - started_));
}

// ---- stopping

void Worker::goaway(MonoMs spread_ms) {
  loop_.post([this, spread_ms] { clients_.goaway(spread_ms, random_); });
}

void Worker::drain(UniqueFunction<void()> done) {
  loop_.post([this, done = std::move(done)]() mutable {
    drained_ = std::move(done);
    api_.drain();
    clients_.stop_listening();
    clients_.drain();
    drain_timer_.every(20, [this] { check_drained(); });
  });
}

void Worker::check_drained() {
  if (clients_.size() != 0) return;
  drain_timer_.stop();
  drained_();
}

void Worker::cut_off_all() {
  loop_.post([this] { clients_.cut_off_all(); });
}

WorkerSource Worker::metrics_source() const {
  return {std::to_string(index_), &sockets_, &rooms_, &http_mirror_, &mqtt_counters_, &loop_};
}

}  // namespace parley::server
