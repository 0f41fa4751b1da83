#include "broker/server/worker.h"

#include <pthread.h>

namespace parley::server {

namespace {

WebSocketSettings websocket_settings(const Config& config) {
  WebSocketSettings settings;
  settings.heartbeat_ms = config.heartbeat;
  return settings;
}

ConnectionSettings connection_settings(const Config& config) {
  ConnectionSettings settings;
  settings.high_water_bytes = config.high_water;
  settings.write_stall_ms = config.write_stall;
  return settings;
}

}  // namespace

http::Settings http_settings(const Config& config) {
  http::Settings settings;
  settings.limits.header_bytes_max = config.http_header_bytes;
  settings.limits.headers_max = config.http_headers_max;
  settings.limits.body_bytes_max = config.http_body_bytes;
  settings.header_ms_max = config.http_header_timeout;
  settings.body_stall_ms_max = config.http_body_timeout;
  settings.idle_ms_max = config.http_idle_timeout;
  settings.write_stall_ms_max = config.write_stall;
  settings.pipeline_max = config.http_pipeline_max;
  settings.requests_max = config.http_requests_max;
  return settings;
}

Worker::Worker(unsigned index, Process& process)
    : index_(index),
      process_(process),
      websocket_settings_(websocket_settings(process.config)),
      websockets_{loop_, readers_, sockets_, websocket_settings_},
      http_settings_(http_settings(process.config)),
      endpoints_(process.readiness, process.config.allowed_origins),
      full_house_(endpoints_,
                  [this](Wire& wire) {
                    auto mode = websocket(wire, websocket::control_payload_max);
                    mode->set_handler(std::make_unique<RefusingHandler>(*mode));
                    return mode;
                  }),
      http_(loop_, http_settings_, endpoints_),
      full_http_(loop_, http_settings_, full_house_),
      clients_(loop_, sockets_, process.connections, connection_settings(process.config)) {
  add_endpoints();
}

std::unique_ptr<WebSocketMode> Worker::websocket(Wire& wire, std::size_t message_bytes_max) {
  return std::make_unique<WebSocketMode>(wire, websockets_, message_bytes_max);
}

void Worker::add_endpoints() {
  endpoints_.add_operations(nullptr);
  if (process_.config.echo) {
    endpoints_.add_websocket({.path = "/echo", .subprotocols = {}, .subprotocol_required = false}, [this](Wire& wire) {
      auto mode = websocket(wire, process_.config.echo_message_bytes);
      mode->set_handler(std::make_unique<EchoHandler>(*mode));
      return mode;
    });
  }
}

void Worker::listen(net::ListenSocket socket) {
  clients_.listen(std::move(socket), {http_, endpoints_, full_http_, full_house_});
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

void Worker::goaway(MonoMs spread_ms) {
  loop_.post([this, spread_ms] { clients_.goaway(spread_ms, random_); });
}

void Worker::drain(UniqueFunction<void()> done) {
  loop_.post([this, done = std::move(done)]() mutable {
    drained_ = std::move(done);
    clients_.stop_listening();
    clients_.drain();
    drain_timer_ = std::make_unique<net::Timer>(loop_);
    drain_timer_->every(20, [this] { check_drained(); });
  });
}

void Worker::check_drained() {
  if (clients_.size() != 0) return;
  drain_timer_->stop();
  drained_();
}

void Worker::cut_off_all() {
  loop_.post([this] { clients_.cut_off_all(); });
}

}  // namespace parley::server
