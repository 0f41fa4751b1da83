#pragma once

// What the server says about itself under $SYS/broker/ (the names that operators' tools know from other brokers).

#include "broker/core/mqtt/exchange.h"
#include "broker/server/metrics.h"

namespace parley::server {

// Any thread, once the sources are complete.
std::vector<mqtt::Exchange::SystemTopic> system_topics(const MetricsSources& sources, MonoMs uptime_ms);

}  // namespace parley::server
