#pragma once

// What the loops count, in the text format of Prometheus. Every name begins with parley_.

#include <functional>
#include <string>
#include <vector>

#include "broker/base/time.h"
#include "broker/core/counters.h"
#include "broker/core/mqtt/registry.h"
#include "broker/core/mqtt/settings.h"
#include "broker/net/loop.h"
#include "broker/server/counters.h"
#include "broker/server/log_loop.h"
#include "broker/server/readiness.h"
#include "broker/server/tls_files.h"

namespace parley::server {

// One worker's numbers.
struct WorkerSource {
  std::string name;  // "0"
  const SocketCounters* sockets = nullptr;
  const WorkerCounters* rooms = nullptr;
  const HttpMirror* http = nullptr;
  const mqtt::Counters* mqtt = nullptr;
  const net::Loop* loop = nullptr;
};
struct MetricsSources {
  std::vector<WorkerSource> workers;
  const LogCounters* log = nullptr;
  const AccountGauges* accounts = nullptr;
  const mqtt::Registry::Numbers* mqtt_sessions = nullptr;
  const net::Loop* log_loop = nullptr;
  const Readiness* readiness = nullptr;
  const TlsFiles* tls = nullptr;
  std::int64_t connections_max = 0;
};

// Any thread, once the sources are complete; they outlive it.
std::string render_metrics(const MetricsSources& sources);

}  // namespace parley::server
