#include "broker/server/mqtt_system.h"

namespace parley::server {

namespace {

template <typename Read>
std::int64_t sum(const MetricsSources& sources, Read read) {
  std::int64_t all = 0;
  for (const WorkerSource& worker : sources.workers) all += static_cast<std::int64_t>(read(*worker.mqtt));
  return all;
}

}  // namespace

std::vector<mqtt::Exchange::SystemTopic> system_topics(const MetricsSources& sources, MonoMs uptime_ms) {
  using C = mqtt::Counters;
  const auto packets = [](const std::array<Counter, 16>& by_type) {
    std::uint64_t all = 0;
    for (const Counter& counter : by_type) all += counter.get();
    return all;
  };
  const auto lost = [](const C& c) {
    std::uint64_t all = 0;
    for (const Counter& counter : c.lost) all += counter.get();
    return all;
  };
  const std::int64_t connected = sum(sources, [](const C& c) { return c.clients.get(); });
  const std::int64_t away = sources.mqtt_sessions->away.get();
  const std::string under = "$SYS/broker/";
  std::vector<mqtt::Exchange::SystemTopic> topics;
  topics.push_back({under + "version", "parley " PARLEY_VERSION});
  topics.push_back({under + "uptime", std::to_string(uptime_ms / 1000) + " seconds"});
  const auto number = [&](const char* name, std::int64_t value) { topics.push_back({under + name, std::to_string(value)}); };
  number("clients/connected", connected);
  number("clients/disconnected", away);
  number("clients/total", connected + away);
  number("clients/expired", static_cast<std::int64_t>(sources.mqtt_sessions->expired.get()));
  number("messages/received", sum(sources, [&](const C& c) { return packets(c.packets_in); }));
  number("messages/sent", sum(sources, [&](const C& c) { return packets(c.packets_out); }));
  number("publish/messages/received", sum(sources, [](const C& c) { return c.messages_in.get(); }));
  number("publish/messages/sent", sum(sources, [](const C& c) { return c.messages_out.get(); }));
  number("publish/messages/dropped", sum(sources, lost));
  number("bytes/received", sum(sources, [](const C& c) { return c.bytes_in.get(); }));
  number("bytes/sent", sum(sources, [](const C& c) { return c.bytes_out.get(); }));
  number("subscriptions/count", sum(sources, [](const C& c) { return c.subscriptions.get(); }));
  return topics;
}

}  // namespace parley::server
