// The only user of prometheus-cpp (slow to compile).

#include "broker/server/metrics.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <sstream>

#include "broker/server/process_stats.h"

namespace parley::server {

namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Labels = std::vector<ClientMetric::Label>;

class Families {
 public:
  // The family that following samples belong to.
  Families& family(const char* name, const char* help, MetricType type) {
    all.push_back({"parley_" + std::string(name), help, type, {}});
    return *this;
  }
  Families& counter(const char* name, const char* help) { return family(name, help, MetricType::Counter); }
  Families& gauge(const char* name, const char* help) { return family(name, help, MetricType::Gauge); }

  template <typename Number>
  void sample(Number value, Labels labels = {}) {
    ClientMetric& metric = add(std::move(labels));
    metric.counter.value = metric.gauge.value = static_cast<double>(value);
  }

  // `unit`: what one count of the histogram is worth; every `step`th bucket from `first` to `end` is shown.
  void histogram(const Histogram& from, double unit, unsigned first, unsigned end, unsigned step, Labels labels = {}) {
    ClientMetric::Histogram& to = add(std::move(labels)).histogram;
    std::uint64_t below = 0;
    for (unsigned i = 0; i < Histogram::buckets; ++i) {
      below += from.count(i);
      if (i >= end || i < first || (i - first) % step != 0) continue;
      // Values are whole numbers, so "below 2^i" is "at most 2^i - 1".
      to.bucket.push_back({below, static_cast<double>(Histogram::upper_bound(i) - 1) * unit});
    }
    to.sample_count = below;
    to.sample_sum = static_cast<double>(from.sum()) * unit;
  }

  std::vector<MetricFamily> all;

 private:
  ClientMetric& add(Labels labels) {
    ClientMetric& metric = all.back().metric.emplace_back();
    metric.label = std::move(labels);
    return metric;
  }
};

ClientMetric::Label label(const char* name, std::string value) {
  ClientMetric::Label made;
  made.name = name;
  made.value = std::move(value);
  return made;
}

Labels of(const WorkerSource& worker) { return {label("worker", worker.name)}; }
Labels of(const WorkerSource& worker, const char* name, const char* value) {
  return {label("worker", worker.name), label(name, value)};
}

void add_process(Families& out, const MetricsSources& from) {
  const ProcessStats process = read_process_stats();
  out.gauge("build_info", "The version that runs; always 1").sample(1, {label("version", PARLEY_VERSION)});
  out.gauge("ready", "Whether /readyz says 200").sample(from.readiness->ready() ? 1 : 0);
  if (from.tls->loaded()) {
    out.gauge("tls_certificate_expires_seconds", "When the certificate expires, as Unix time")
        .sample(static_cast<double>(from.tls->current()->expires()) / 1000);
  }
  out.gauge("draining", "Whether the server is stopping").sample(from.readiness->draining.load() ? 1 : 0);
  out.gauge("resident_memory_bytes", "Resident memory of the process").sample(process.resident_bytes);
  out.counter("cpu_seconds_total", "User and system CPU time of the process").sample(process.cpu_seconds);
  out.gauge("open_descriptors", "Open file descriptors of the process").sample(process.open_descriptors);
  out.gauge("descriptors_max", "Limit on open file descriptors").sample(process.descriptors_max);
  out.gauge("loop_lag_seconds", "How late a loop was for its last probe");
  for (const WorkerSource& worker : from.workers) {
    out.sample(static_cast<double>(worker.loop->lag_ms()) / 1000, {label("loop", "worker-" + worker.name)});
  }
  out.sample(static_cast<double>(from.log_loop->lag_ms()) / 1000, {label("loop", "log")});
}

void add_sockets(Families& out, const MetricsSources& from) {
  // A family a row: name, help, kind, and what it reads.
  const auto each = [&](const char* name, const char* help, bool counts, auto read) {
    out.family(name, help, counts ? MetricType::Counter : MetricType::Gauge);
    for (const WorkerSource& worker : from.workers) out.sample(read(*worker.sockets).get(), of(worker));
  };
  using S = SocketCounters;
  each("connections", "Open connections of any kind", false, [](const S& s) -> const Gauge& { return s.connections; });
  each("websockets", "Open WebSocket connections", false, [](const S& s) -> const Gauge& { return s.websockets; });
  each("websocket_readers_borrowed", "WebSocket connections in the middle of a frame or message", false,
       [](const S& s) -> const Gauge& { return s.readers_borrowed; });
  each("connections_accepted_total", "Connections accepted", true, [](const S& s) -> const Counter& { return s.accepted; });
  each("connections_refused_no_descriptor_total", "Connections turned away because no file descriptor was left", true,
       [](const S& s) -> const Gauge& { return s.refused_no_descriptor; });
  each("received_bytes_total", "Bytes read from sockets", true, [](const S& s) -> const Counter& { return s.bytes_in; });
  each("sent_bytes_total", "Bytes handed to sockets", true, [](const S& s) -> const Counter& { return s.bytes_out; });
  each("websocket_messages_received_total", "WebSocket messages received", true,
       [](const S& s) -> const Counter& { return s.messages_in; });
  out.gauge("connections_max", "Limit on open connections").sample(from.connections_max);
  static constexpr std::array<const char*, static_cast<unsigned>(Ended::count)> reasons = {
      "silent", "write_stalled", "broken", "over_limit", "drained", "tls_failed"};
  out.counter("connections_ended_total", "Connections that ended otherwise than by their client's wish");
  for (const WorkerSource& worker : from.workers) {
    for (std::size_t i = 0; i < reasons.size(); ++i) out.sample(worker.sockets->ended[i].get(), of(worker, "reason", reasons[i]));
  }
}

void add_http(Families& out, const MetricsSources& from) {
  static constexpr std::array<const char*, 6> classes = {"", "1xx", "2xx", "3xx", "4xx", "5xx"};
  out.counter("http_requests_total", "HTTP requests answered, by status class");
  for (const WorkerSource& worker : from.workers) {
    for (std::size_t i = 1; i < classes.size(); ++i) out.sample(worker.http->answers[i].get(), of(worker, "status", classes[i]));
  }
  struct Row {
    const char* reason;
    Gauge HttpMirror::*field;
  };
  static constexpr std::array<Row, 9> rows = {Row{"too_large", &HttpMirror::too_large},
                                              {"not_supported", &HttpMirror::not_supported},
                                              {"timed_out", &HttpMirror::timed_out},
                                              {"overdue", &HttpMirror::overdue},
                                              {"idle", &HttpMirror::idle_closed},
                                              {"write_stalled", &HttpMirror::cut_off},
                                              {"requests_max", &HttpMirror::requests_max_closed},
                                              {"unanswered", &HttpMirror::unanswered},
                                              {"upgrade_refused", &HttpMirror::upgrades_refused}};
  out.counter("http_refused_total", "HTTP connections and requests that hit a limit, by limit");
  for (const WorkerSource& worker : from.workers) {
    for (const Row& row : rows) out.sample((worker.http->*row.field).get(), of(worker, "reason", row.reason));
  }
  out.counter("http_paused_total", "Times that reading stopped because a client was ahead of its answers");
  for (const WorkerSource& worker : from.workers) out.sample(worker.http->paused.get(), of(worker));
  out.counter("http_upgrades_total", "Upgrades to WebSocket");
  for (const WorkerSource& worker : from.workers) out.sample(worker.http->upgrades.get(), of(worker));
  out.counter("malformed_total", "Input that broke its protocol's rules");
  for (const WorkerSource& worker : from.workers) {
    out.sample(worker.http->malformed.get(), of(worker, "protocol", "http"));
    out.sample(worker.sockets->websocket_violations.get(), of(worker, "protocol", "websocket"));
    out.sample(worker.rooms->drops[static_cast<unsigned>(Drop::malformed)].get(), of(worker, "protocol", "native"));
    out.sample(worker.sockets->proxy_refused.get(), of(worker, "protocol", "proxy"));
  }
}

void add_rooms(Families& out, const MetricsSources& from) {
  const auto each = [&](const char* name, const char* help, bool counts, auto read) {
    out.family(name, help, counts ? MetricType::Counter : MetricType::Gauge);
    for (const WorkerSource& worker : from.workers) out.sample(read(*worker.rooms).get(), of(worker));
  };
  using W = WorkerCounters;
  each("sessions", "Sessions of the native protocol", false, [](const W& w) -> const Gauge& { return w.sessions; });
  each("subscriptions", "Subscriptions", false, [](const W& w) -> const Gauge& { return w.subscriptions; });
  each("rooms_followed", "Rooms in which a worker has subscribers", false, [](const W& w) -> const Gauge& { return w.rooms; });
  each("publishes_total", "Publishes handed to the log", true, [](const W& w) -> const Counter& { return w.publishes; });
  each("publish_errors_total", "Publishes that were refused or failed", true,
       [](const W& w) -> const Counter& { return w.publish_errors; });
  each("duplicates_total", "Publishes that repeated a cid", true, [](const W& w) -> const Counter& { return w.duplicates; });
  each("deliveries_total", "Entries handed to subscribers", true, [](const W& w) -> const Counter& { return w.deliveries; });
  each("signals_total", "Signals handed to subscribers", true, [](const W& w) -> const Counter& { return w.signals; });
  each("log_pages_total", "Pages read from the log for subscribers behind the tail", true,
       [](const W& w) -> const Counter& { return w.pages; });
  each("slow_readers_total", "Times that a subscriber fell behind the tail", true,
       [](const W& w) -> const Counter& { return w.slow_readers; });
  each("gap_entries_total", "Entries that were pruned before a subscriber read them", true,
       [](const W& w) -> const Counter& { return w.gaps; });
  static constexpr std::array<const char*, static_cast<unsigned>(Drop::count)> reasons = {"signal_congested", "signal_flood",
                                                                                          "malformed", "refused"};
  out.counter("drops_total", "Signals and commands that were dropped or refused, by reason");
  for (const WorkerSource& worker : from.workers) {
    for (std::size_t i = 0; i < reasons.size(); ++i) out.sample(worker.rooms->drops[i].get(), of(worker, "reason", reasons[i]));
  }
  out.family("ack_latency_seconds", "From a publish's arrival to its acknowledgement", MetricType::Histogram);
  for (const WorkerSource& worker : from.workers)
    out.histogram(worker.rooms->ack_latency_us, 1e-6, 8, Histogram::buckets - 1, 2, of(worker));
  out.family("delivery_latency_seconds", "From an entry's time in the store to its hand-over to subscribers, once a batch",
             MetricType::Histogram);
  for (const WorkerSource& worker : from.workers)
    out.histogram(worker.rooms->delivery_latency_us, 1e-6, 8, Histogram::buckets - 1, 2, of(worker));
}

// Reasons and packet types that never came are left out.
template <typename Counts, typename Name>
void add_nonzero(Families& out, const WorkerSource& worker, const char* name, const Counts& counts, Name of_index) {
  for (std::size_t i = 0; i < counts.size(); ++i) {
    if (counts[i].get() != 0) out.sample(counts[i].get(), {label("worker", worker.name), label(name, std::string(of_index(i)))});
  }
}

void add_mqtt(Families& out, const MetricsSources& from) {
  using C = mqtt::Counters;
  const auto each = [&](const char* name, const char* help, bool counts, auto read) {
    out.family(name, help, counts ? MetricType::Counter : MetricType::Gauge);
    for (const WorkerSource& worker : from.workers) out.sample(read(*worker.mqtt).get(), of(worker));
  };
  each("mqtt_clients", "Connected MQTT clients", false, [](const C& c) -> const Gauge& { return c.clients; });
  each("mqtt_sessions", "MQTT sessions in a worker's memory", false, [](const C& c) -> const Gauge& { return c.sessions; });
  each("mqtt_subscriptions", "MQTT subscriptions", false, [](const C& c) -> const Gauge& { return c.subscriptions; });
  each("mqtt_connects_total", "CONNECT packets", true, [](const C& c) -> const Counter& { return c.connects; });
  each("mqtt_received_bytes_total", "Bytes of MQTT received", true, [](const C& c) -> const Counter& { return c.bytes_in; });
  each("mqtt_sent_bytes_total", "Bytes of MQTT sent", true, [](const C& c) -> const Counter& { return c.bytes_out; });
  each("mqtt_messages_received_total", "PUBLISH packets received", true,
       [](const C& c) -> const Counter& { return c.messages_in; });
  each("mqtt_messages_sent_total", "PUBLISH packets sent", true, [](const C& c) -> const Counter& { return c.messages_out; });
  each("mqtt_messages_resent_total", "PUBLISH packets sent again after a reconnect", true,
       [](const C& c) -> const Counter& { return c.resent; });
  each("mqtt_take_overs_total", "Connections that ended because another one came with their client identifier", true,
       [](const C& c) -> const Counter& { return c.taken_over; });
  const auto packet = [](std::size_t i) { return mqtt::to_string(static_cast<mqtt::PacketType>(i)); };
  const auto reason = [](std::size_t i) { return mqtt::to_string(static_cast<mqtt::Reason>(i)); };
  out.counter("mqtt_packets_received_total", "MQTT packets received, by type");
  for (const WorkerSource& worker : from.workers) add_nonzero(out, worker, "type", worker.mqtt->packets_in, packet);
  out.counter("mqtt_packets_sent_total", "MQTT packets sent, by type");
  for (const WorkerSource& worker : from.workers) add_nonzero(out, worker, "type", worker.mqtt->packets_out, packet);
  out.counter("mqtt_connects_refused_total", "CONNECT packets refused, by reason");
  for (const WorkerSource& worker : from.workers) add_nonzero(out, worker, "reason", worker.mqtt->refused, reason);
  out.counter("mqtt_connections_ended_total", "MQTT connections that the server ended, protocol errors among them, by reason");
  for (const WorkerSource& worker : from.workers) add_nonzero(out, worker, "reason", worker.mqtt->ended, reason);
  out.counter("mqtt_filters_refused_total", "Topic filters of SUBSCRIBE packets that were not granted, by reason");
  for (const WorkerSource& worker : from.workers) add_nonzero(out, worker, "reason", worker.mqtt->denied, reason);
  each("mqtt_keep_alives_capped_total", "CONNECT packets whose keep-alive was above --mqtt-keep-alive-max", true,
       [](const C& c) -> const Counter& { return c.keep_alives_capped; });
  each("mqtt_session_expiries_capped_total", "CONNECT packets whose session expiry was above --mqtt-session-expiry-max", true,
       [](const C& c) -> const Counter& { return c.expiries_capped; });
  each("mqtt_window_full_total", "Times that messages waited since a client had not acknowledged those before", true,
       [](const C& c) -> const Counter& { return c.window_full; });
  static constexpr std::array<const char*, static_cast<unsigned>(mqtt::Lost::count)> lost = {
      "congested", "held_full", "too_large", "expired", "forbidden", "bad_topic", "bad_format", "refused", "pruned"};
  out.counter("mqtt_messages_dropped_total", "Messages that reached somebody not, or were not taken, by reason");
  for (const WorkerSource& worker : from.workers) {
    for (std::size_t i = 0; i < lost.size(); ++i) out.sample(worker.mqtt->lost[i].get(), of(worker, "reason", lost[i]));
  }
  out.gauge("mqtt_sessions_away", "MQTT sessions whose clients are not connected").sample(from.mqtt_sessions->away.get());
  out.counter("mqtt_sessions_expired_total", "MQTT sessions that expired").sample(from.mqtt_sessions->expired.get());
  out.counter("mqtt_wills_total", "Wills published").sample(from.mqtt_sessions->wills.get());
  out.counter("mqtt_session_saves_total", "Saves of stored MQTT sessions").sample(from.mqtt_sessions->saves.get());
  out.counter("mqtt_session_saves_failed_total", "Saves of MQTT sessions that storage did not take")
      .sample(from.mqtt_sessions->failed_saves.get());
}

void add_log(Families& out, const MetricsSources& from) {
  const LogCounters& log = *from.log;
  out.gauge("rooms_loaded", "Rooms in the log's memory").sample(log.rooms_loaded.get());
  out.gauge("commit_queue", "Entries that wait for a commit").sample(log.queue.get());
  out.counter("committed_total", "Entries committed").sample(log.committed.get());
  out.counter("commits_total", "Commits").sample(log.commits.get());
  out.counter("failed_commits_total", "Commits that storage refused").sample(log.failed_commits.get());
  out.gauge("publishes_in_doubt", "Publishes whose commit was under way when storage was lost").sample(log.in_doubt.get());
  out.counter("publishes_given_up_total", "Publishes answered that their outcome is unknown").sample(log.doubts_given_up.get());
  out.counter("prune_steps_total", "Steps of pruning that removed something").sample(log.pruned_steps.get());
  out.counter("bus_messages_total", "Messages between replicas");
  out.sample(log.bus_sent.get(), {label("direction", "sent")});
  out.sample(log.bus_received.get(), {label("direction", "received")});
  out.counter("bus_unsent_total", "Messages that Redis did not take: away, or too slow").sample(log.bus_unsent.get());
  out.counter("bus_refused_total", "Messages of replicas that were malformed or of another epoch")
      .sample(log.bus_malformed.get());
  out.counter("remote_entries_total", "Entries that other replicas sent").sample(log.remote_entries.get());
  out.counter("filled_entries_total", "Entries read from the database because nothing brought them").sample(log.filled.get());
  out.counter("gap_reads_total", "Reads that fill holes and look at fresh rooms").sample(log.gap_reads.get());
  out.counter("reorder_overflows_total", "Entries that came too early and found the buffer full")
      .sample(log.reorder_overflows.get());
  out.counter("heads_polls_total", "Times that the database was asked which rooms moved").sample(log.heads_polls.get());
  out.counter("epoch_changes_total", "Times that the log became another one").sample(log.epoch_changes.get());
  out.gauge("lagging_rooms", "Rooms behind what is known to be committed").sample(from.readiness->lagging_rooms.load());
  out.gauge("heads_age_seconds", "Since the database last told which rooms moved")
      .sample(static_cast<double>(from.readiness->heads_age_ms.load()) / 1000);
  out.gauge("redis_up", "Whether Redis is connected; 0 too when none is set")
      .sample(from.readiness->redis.load() == Readiness::Redis::ok ? 1 : 0);
  out.gauge("storage_up", "Whether storage takes commits").sample(from.readiness->storage.load() ? 1 : 0);
  out.gauge("durability_replicated", "Whether acknowledged means on synchronous standbys too")
      .sample(from.readiness->replicated.load() ? 1 : 0);
  out.gauge("degraded", "Whether something that should be there is away").sample(from.readiness->degraded() ? 1 : 0);
  out.family("batch_entries", "Entries of one commit", MetricType::Histogram);
  out.histogram(log.batch_entries, 1, 1, 15, 1);
  out.family("commit_seconds", "A batch handed to storage until it was answered", MetricType::Histogram);
  out.histogram(log.commit_us, 1e-6, 6, Histogram::buckets - 1, 2);

  const AccountGauges& accounts = *from.accounts;
  out.counter("registrations_total", "Accounts registered").sample(accounts.registered.get());
  out.counter("logins_total", "Logins with a password").sample(accounts.logins.get());
  out.counter("failed_logins_total", "Logins that failed").sample(accounts.failed_logins.get());
  out.counter("limited_logins_total", "Logins and registrations refused because there were too many")
      .sample(accounts.limited.get());
  out.counter("reused_refresh_tokens_total", "Refresh tokens used a second time: their logins were ended")
      .sample(accounts.reused_refresh_tokens.get());
  out.gauge("password_hashes_waiting", "Password hashes waiting or under way").sample(accounts.hashes_waiting.get());
  out.counter("password_hashes_refused_total", "Password hashes refused because too many waited")
      .sample(accounts.hashes_refused.get());
}

}  // namespace

std::string render_metrics(const MetricsSources& sources) {
  Families families;
  add_process(families, sources);
  add_sockets(families, sources);
  add_http(families, sources);
  add_rooms(families, sources);
  add_mqtt(families, sources);
  add_log(families, sources);
  return prometheus::TextSerializer().Serialize(families.all);
}

}  // namespace parley::server
