#include "broker/server/worker_settings.h"

#include <algorithm>

namespace parley::server {

NativeSettings native_settings(const Config& config) {
  NativeSettings settings;
  settings.limits.frame_bytes = config.frame_bytes;
  settings.limits.body_bytes = config.frame_bytes;
  settings.limits.window = config.window;
  settings.limits.window_bytes = config.window_bytes;
  settings.limits.subscriptions = config.subscriptions_max;
  settings.limits.inflight = config.inflight_max;
  settings.heartbeat_s = static_cast<unsigned>(config.heartbeat / 1000);
  settings.connect_timeout_ms = config.connect_timeout;
  settings.malformed_max = config.malformed_max;
  settings.signals_per_s = config.signals_per_second;
  return settings;
}

mqtt::Settings mqtt_settings(const Config& config) {
  mqtt::Settings settings;
  settings.packets.packet_bytes_max = static_cast<std::uint32_t>(config.mqtt_packet_bytes);
  settings.packets.connect_bytes_max =
      std::min(static_cast<std::uint32_t>(config.mqtt_connect_bytes), settings.packets.packet_bytes_max);
  settings.packets.client_id_bytes_max = config.mqtt_client_id_bytes;
  settings.packets.filters_max = config.mqtt_filters_max;
  settings.packets.user_properties_max = config.mqtt_user_properties_max;
  settings.topics = {config.mqtt_topic_bytes, config.mqtt_topic_levels};
  settings.subscriptions_max = config.mqtt_subscriptions_max;
  settings.receive_max = static_cast<std::uint16_t>(config.mqtt_receive_max);
  settings.inflight_max = static_cast<std::uint16_t>(config.mqtt_inflight_max);
  settings.topic_aliases = static_cast<std::uint16_t>(config.mqtt_topic_aliases);
  settings.keep_alive_max_s = static_cast<std::uint16_t>(config.mqtt_keep_alive_max / 1000);
  settings.session_expiry_max_s = static_cast<std::uint32_t>(std::min<MonoMs>(config.mqtt_session_expiry_max / 1000, 0xfffffffe));
  settings.connect_timeout_ms = config.connect_timeout;
  settings.held_messages_max = config.mqtt_held_messages_max;
  settings.save_interval_ms = config.mqtt_save_interval;
  return settings;
}

http::Settings http_settings(const Config& config) {
  http::Settings settings;
  settings.limits.header_bytes_max = config.http_header_bytes;
  settings.limits.headers_max = config.http_headers_max;
  settings.limits.body_bytes_max = config.http_body_bytes;
  settings.header_ms_max = config.http_header_timeout;
  settings.body_stall_ms_max = config.http_body_timeout;
  settings.idle_ms_max = config.http_idle_timeout;
  settings.answer_ms_max = config.http_answer_timeout;
  settings.write_stall_ms_max = config.write_stall;
  settings.pipeline_max = config.http_pipeline_max;
  settings.requests_max = config.http_requests_max;
  return settings;
}

WebSocketSettings websocket_settings(const Config& config) {
  WebSocketSettings settings;
  settings.heartbeat_ms = config.heartbeat;
  settings.drain_grace_ms = config.drain_grace;
  return settings;
}

ConnectionSettings connection_settings(const Config& config) {
  ConnectionSettings settings;
  settings.high_water_bytes = config.high_water;
  settings.write_stall_ms = config.write_stall;
  settings.proxy_header_ms = config.http_header_timeout;
  return settings;
}

api::ApiSettings api_settings(const Config& config) {
  api::ApiSettings settings;
  settings.registration = config.registration;
  settings.limits = native_settings(config).limits;
  settings.allowed_origins = config.allowed_origins;
  return settings;
}

http::CorsPolicy cors_policy(const Config& config) {
  http::CorsPolicy policy;
  policy.origins = config.allowed_origins;
  policy.credentials = std::find(policy.origins.begin(), policy.origins.end(), "*") == policy.origins.end();
  return policy;
}

Result<http::ForwardedPolicy> forwarded_policy(const Config& config) {
  http::ForwardedPolicy policy;
  using Kind = http::ForwardedPolicy::Kind;
  policy.kind = config.forwarded_header == "forwarded" ? Kind::forwarded : Kind::x_forwarded;
  for (const std::string& proxy : config.trusted_proxies) {
    const std::optional<http::Cidr> network = http::Cidr::parse(proxy);
    if (!network)
      return {Code::bad_request, "--trusted-proxy: \"" + proxy + "\" is no address or network (10.0.0.0/8, fd00::/8, 192.0.2.1)"};
    policy.trusted.push_back(*network);
  }
  return policy;
}

}  // namespace parley::server
