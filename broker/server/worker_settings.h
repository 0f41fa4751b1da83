#pragma once

// From the configuration to the settings of a worker's parts.

#include "broker/core/mqtt/settings.h"
#include "broker/core/native_session.h"
#include "broker/server/config.h"
#include "broker/server/connection.h"
#include "broker/server/websocket_mode.h"
#include "http/api/api.h"
#include "http/cors.h"
#include "http/forwarded.h"
#include "http/settings.h"

namespace parley::server {

NativeSettings native_settings(const Config& config);
mqtt::Settings mqtt_settings(const Config& config);
http::Settings http_settings(const Config& config);
WebSocketSettings websocket_settings(const Config& config);
ConnectionSettings connection_settings(const Config& config);
api::ApiSettings api_settings(const Config& config);
http::CorsPolicy cors_policy(const Config& config);
// bad_request when a trusted proxy is no address or network.
Result<http::ForwardedPolicy> forwarded_policy(const Config& config);

}  // namespace parley::server
