#include "broker/server/config_table.h"

#include <array>
#include <charconv>
#include <initializer_list>
#include <limits>

#include "broker/cluster/redis/url.h"
#include "broker/net/address.h"
#include "storage/open/open_store.h"

namespace parley::server {

namespace {

Error refuse(std::string message) { return {Code::bad_request, std::move(message)}; }

// Makes rows; the group is that of the rows that follow.
class Table {
 public:
  std::vector<Row> rows;
  std::string group;

  Row& text(const char* name, std::string& at, const char* value_name, const char* help) {
    return add(
        name, value_name, help,
        [&at](const std::string& value) {
          at = value;
          return ok_status();
        },
        [&at] { return at; });
  }

  void word(const char* name, std::string& at, std::initializer_list<const char*> words, const char* help) {
    std::string all;
    for (const char* choice : words) all += (all.empty() ? "" : "|") + std::string(choice);
    const std::vector<std::string> choices(words.begin(), words.end());
    Row& row = text(name, at, "", help);
    row.value_name = all;
    row.set = [&at, choices, all](const std::string& value) -> Status {
      for (const std::string& choice : choices) {
        if (choice != value) continue;
        at = value;
        return ok_status();
      }
      return refuse("\"" + value + "\" is none of " + all);
    };
  }

  void list(const char* name, std::vector<std::string>& at, const char* value_name, const char* help) {
    Row& row = add(
        name, value_name, help,
        [&at](const std::string& value) {
          if (!value.empty()) at.push_back(value);
          return ok_status();
        },
        [&at] {
          std::string all;
          for (const std::string& one : at) all += (all.empty() ? "" : " ") + one;
          return all;
        });
    row.list = true;
  }

  void toggle(const char* name, bool& at, const char* help) {
    add(
        name, "", help,
        [&at](const std::string& value) -> Status {
          const bool on = value == "true" || value == "on" || value == "1";
          if (!on && value != "false" && value != "off" && value != "0")
            return refuse("\"" + value + "\" is neither true nor false");
          at = on;
          return ok_status();
        },
        [&at] { return std::string(at ? "true" : "false"); });
  }

  template <typename Number>
  void number(const char* name, Number& at, Number least, const char* help) {
    add(
        name, "N", help,
        [&at, least](const std::string& value) -> Status {
          Number parsed = 0;
          const char* const end = value.data() + value.size();
          const auto [behind, failed] = std::from_chars(value.data(), end, parsed);
          if (failed != std::errc() || behind != end) return refuse("\"" + value + "\" is no number that fits");
          if (parsed < least) return refuse("must be at least " + std::to_string(least));
          at = parsed;
          return ok_status();
        },
        [&at] { return std::to_string(at); });
  }

  void duration(const char* name, MonoMs& at, MonoMs least, const char* help) {
    add(
        name, "TIME", help,
        [&at, least](const std::string& value) -> Status {
          const Result<MonoMs> parsed = parse_duration(value);
          if (!parsed) return parsed.error();
          if (*parsed < least) return refuse("must be at least " + format_duration(least));
          at = *parsed;
          return ok_status();
        },
        [&at] { return format_duration(at); });
  }

  void size(const char* name, std::size_t& at, std::size_t least, const char* help) {
    add(
        name, "SIZE", help,
        [&at, least](const std::string& value) -> Status {
          const Result<std::size_t> parsed = parse_size(value);
          if (!parsed) return parsed.error();
          if (*parsed < least) return refuse("must be at least " + format_size(least));
          at = *parsed;
          return ok_status();
        },
        [&at] { return format_size(at); });
  }

 private:
  Row& add(const char* name, const char* value_name, const char* help, std::function<Status(const std::string&)> set,
           std::function<std::string()> show) {
    rows.push_back({name, group, help, value_name, false, std::move(set), std::move(show)});
    return rows.back();
  }
};

void add_places(Table& table, Config& c) {
  table.group = "Where";
  table.text("listen", c.listen, "HOST:PORT", "HTTP and WebSocket");
  table.text("mqtt-listen", c.mqtt_listen, "HOST:PORT", "MQTT over TCP; off: none (it is served over WebSocket on /mqtt anyway)");
  table.text("mqtts-listen", c.mqtts_listen, "HOST:PORT", "MQTT over TLS (usually port 8883); off: none");
  table.text(
      "tls-cert", c.tls_cert, "FILE",
      "PEM, the server's certificate first, then what leads to its root; with it --listen speaks https:// and wss://. Read "
      "again on SIGHUP");
  table.text("tls-key", c.tls_key, "FILE", "PEM, the certificate's private key, without a pass phrase");
  table.toggle("plain-http", c.plain_http, "--listen stays in clear though there is a certificate: behind a proxy that ends TLS");
  table.toggle("tls-only", c.tls_only,
               "nothing listens in clear: --mqtt-listen is off, --metrics-listen speaks TLS, and what contradicts is refused");
  table.text("metrics-listen", c.metrics_listen, "HOST:PORT",
             "a port of its own for /metrics, /healthz and /readyz; empty: /metrics is served on --listen");
  table.text("data-dir", c.data_dir, "DIR", "folder of everything that is kept");
  Row& database =
      table.text("database", c.database, "URL",
                 "sqlite:PATH or postgres://USER@HOST:PORT/DATABASE (all that libpq knows); empty: SQLite in the data folder");
  database.show = [&c] { return mask_password(c.database); };
  table.text(
      "database-password-file", c.database_password_file, "FILE",
      "PostgreSQL: its first line is the password, read at every connection; empty: from the URL, PGPASSWORD or PGPASSFILE");
  table.number<unsigned>("database-readers", c.database_readers, 1, "PostgreSQL: connections for reads, besides two for writing");
  table.duration("database-connect-timeout", c.database_connect_timeout, 100, "PostgreSQL: of one attempt to connect");
  table.duration("database-timeout", c.database_timeout, 100, "PostgreSQL: of one call; the server ends it");
  table.duration("database-start-wait", c.database_start_wait, 0,
                 "PostgreSQL: how long a start waits for a database that is away");
  Row& redis = table.text("redis", c.redis, "URL",
                          "redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE], rediss:// with TLS: the fast way between replicas; "
                          "empty: replicas learn from the database alone");
  redis.show = [&c] { return mask_password(c.redis); };
  table.text("redis-password-file", c.redis_password_file, "FILE",
             "its first line is the password; empty: PARLEY_REDIS_PASSWORD, or the URL");
  table.text("redis-ca-file", c.redis_ca_file, "FILE", "certificates (PEM) that rediss:// trusts; empty: the system's");
  table.text("redis-prefix", c.redis_prefix, "TEXT", "what the names of channels and keys begin with");
  table.text("web-root", c.web_root, "DIR",
             "the built web client; empty: looked for beside the program and in /usr/share/parley/web");
  table.number<unsigned>("workers", c.workers, 0, "worker loops; 0: one per core");
  table.number<unsigned>("backlog", c.backlog, 1, "connections that may wait to be accepted, per worker");
}

void add_people(Table& table, Config& c) {
  table.group = "Who";
  table.toggle("anonymous", c.anonymous, "clients without credentials are guests who may create and use public rooms");
  table.toggle("registration", c.registration, "people may register accounts themselves");
  table.toggle("auto-create", c.auto_create, "publishing or subscribing to an unknown room makes it");
  table.toggle("echo", c.echo, "serve /echo, which sends every WebSocket message back: for conformance suites");
  table.list("allowed-origin", c.allowed_origins, "ORIGIN", "origin of web pages that may connect besides our own; * allows all");
  table.list("trusted-proxy", c.trusted_proxies, "ADDRESS[/BITS]", "proxies whose forwarding header is believed");
  table.toggle(
      "proxy-protocol", c.proxy_protocol,
      "connections from trusted proxies begin with a PROXY protocol header (version 1 or 2), and those without it are closed");
  table.word("forwarded-header", c.forwarded_header, {"x-forwarded-for", "forwarded"}, "which header trusted proxies set");
  table.duration("access-token-ttl", c.access_token_ttl, 1000, "lifetime of an access token");
  table.duration("refresh-token-ttl", c.refresh_token_ttl, 1000, "lifetime of an unused refresh token");
  table.duration("guest-token-ttl", c.guest_token_ttl, 1000, "lifetime of a guest's token");
  table.word("password-cost", c.password_cost, {"min", "interactive", "moderate", "sensitive"},
             "cost of a password hash; min protects nothing");
  table.number<unsigned>("password-queue", c.password_queue, 1, "password hashes that may wait; more are refused");
  table.toggle("production", c.production, "refuses example credentials and settings that are for development or tests only");
  table.toggle("insecure-test-mode", c.insecure_test_mode, "allows settings that only tests may use");
}

void add_connection_limits(Table& table, Config& c) {
  table.group = "Limits of a connection";
  table.number<unsigned>("connections-max", c.connections_max, 1, "connections at a time; more get 503 or close code 1013");
  table.size("frame-bytes", c.frame_bytes, 1024, "a WebSocket message, a command and its body");
  table.size("echo-message-bytes", c.echo_message_bytes, 125, "a WebSocket message on /echo");
  table.number<unsigned>("window", c.window, 1, "entries of one subscription under way without an ack");
  table.size("window-bytes", c.window_bytes, 1024, "the same in bytes");
  table.number<unsigned>("subscriptions-max", c.subscriptions_max, 1, "subscriptions of one connection");
  table.number<unsigned>("inflight-max", c.inflight_max, 1, "publishes of one connection that wait for their answers");
  table.number<unsigned>("malformed-max", c.malformed_max, 0, "malformed commands before a connection is closed");
  table.number<unsigned>("signals-per-second", c.signals_per_second, 0,
                         "signals of one connection; more are dropped; 0: no limit");
  table.duration("connect-timeout", c.connect_timeout, 100, "from the upgrade to the connect command");
  table.duration("heartbeat", c.heartbeat, 1000, "silence after which a client is pinged; after two it is closed");
  table.size("high-water", c.high_water, 4096, "unsent bytes above which a connection counts as congested");
  table.size("kernel-unsent", c.kernel_unsent, 4096,
             "bytes of a connection that the kernel takes ahead of what it can send (TCP_NOTSENT_LOWAT)");
  table.duration("write-stall", c.write_stall, 1000, "congested without progress for so long: the connection is cut off");
}

void add_mqtt_limits(Table& table, Config& c) {
  table.group = "MQTT";
  table.size("mqtt-packet-bytes", c.mqtt_packet_bytes, 1024, "a packet from a client, and with it a payload");
  table.size("mqtt-connect-bytes", c.mqtt_connect_bytes, 256, "a CONNECT packet, which comes before anybody is known");
  table.size("mqtt-client-id-bytes", c.mqtt_client_id_bytes, 23, "a client identifier");
  table.number<unsigned>("mqtt-filters-max", c.mqtt_filters_max, 1, "topic filters in one SUBSCRIBE or UNSUBSCRIBE");
  table.number<unsigned>("mqtt-user-properties-max", c.mqtt_user_properties_max, 0, "user properties of one packet");
  table.size("mqtt-topic-bytes", c.mqtt_topic_bytes, 16, "a topic name, a filter, a room's name");
  table.number<unsigned>("mqtt-topic-levels", c.mqtt_topic_levels, 1, "levels of a topic name or filter");
  table.number<unsigned>("mqtt-subscriptions-max", c.mqtt_subscriptions_max, 1, "subscriptions of one session");
  table.number<unsigned>("mqtt-receive-max", c.mqtt_receive_max, 1,
                         "publishes of one client that are not acknowledged yet (Receive Maximum; at most 65535)");
  table.number<unsigned>("mqtt-inflight-max", c.mqtt_inflight_max, 1,
                         "messages under way to one client without its acknowledgement (at most 65535)");
  table.number<unsigned>("mqtt-topic-aliases", c.mqtt_topic_aliases, 0,
                         "topic aliases of one connection, either way (at most 65535)");
  table.duration("mqtt-keep-alive-max", c.mqtt_keep_alive_max, 0,
                 "longest keep-alive that a client may have; 0: any, and none at all (at most 65535 s)");
  table.duration("mqtt-session-expiry-max", c.mqtt_session_expiry_max, 0, "how long a session outlives its connection at most");
  table.number<unsigned>("mqtt-sessions-max", c.mqtt_sessions_max, 1, "sessions that outlive their connections");
  table.number<unsigned>("mqtt-held-messages-max", c.mqtt_held_messages_max, 0,
                         "QoS 0 messages that wait while a session enters a room");
  table.number<std::uint64_t>("mqtt-held-entries-max", c.mqtt_held_entries_max, 0,
                              "entries over the retention that a room keeps for sessions that have not had them");
  table.duration("mqtt-save-interval", c.mqtt_save_interval, 0,
                 "how often what sessions were sent and acknowledged is stored (in steps of 250 ms); 0: before it is sent");
  table.duration(
      "mqtt-lease", c.mqtt_lease, 2000,
      "a server that was not heard of for so long counts as dead: its sessions are free, its clients' wills are published");
  table.duration("mqtt-sweep-interval", c.mqtt_sweep_interval, 100, "how often sessions that expired are looked for");
  table.duration("mqtt-wills-interval", c.mqtt_wills_interval, 100, "how often wills that are due are looked for");
  table.duration("mqtt-sys-interval", c.mqtt_sys_interval, 0, "how often the $SYS/broker topics are published; 0: never");
}

void add_http_limits(Table& table, Config& c) {
  table.group = "Limits of HTTP";
  table.size("http-header-bytes", c.http_header_bytes, 1024, "all header fields of a request");
  table.number<unsigned>("http-headers-max", c.http_headers_max, 8, "header fields of a request");
  table.size("http-body-bytes", c.http_body_bytes, 1024, "a request's body");
  table.duration("http-header-timeout", c.http_header_timeout, 100, "from a request's first byte to the end of its head");
  table.duration("http-body-timeout", c.http_body_timeout, 100, "span in which a body must make progress");
  table.duration("http-idle-timeout", c.http_idle_timeout, 100, "between requests");
  table.duration("http-answer-timeout", c.http_answer_timeout, 1000, "until a request that storage does not answer gets 503");
  table.number<unsigned>("http-pipeline-max", c.http_pipeline_max, 1, "pipelined requests that wait for their answers");
  table.number<unsigned>("http-requests-max", c.http_requests_max, 0, "requests of one connection; 0: no limit");
}

void add_the_rest(Table& table, Config& c) {
  table.group = "The log";
  table.number<std::uint64_t>("retention-entries", c.retention_entries, 0, "entries kept per room; 0: all");
  table.duration("retention-age", c.retention_age, 0, "how long entries are kept; 0: for ever");
  table.number<unsigned>("batch-entries", c.batch_entries, 1, "entries of one commit");
  table.number<unsigned>("queue-entries", c.queue_entries, 1,
                         "entries that may wait for a commit; more are refused as unavailable");
  table.duration(
      "doubt-wait", c.doubt_wait, 1000,
      "how long a publish waits whose commit was under way when the database was lost; then its sender is told that the "
      "outcome is unknown. At most --batch-entries wait so");
  table.group = "Replicas";
  table.duration("heads-poll", c.heads_poll, 10, "how often the database is asked which rooms moved");
  table.duration("heads-poll-away", c.heads_poll_away, 10, "the same while Redis is away");
  table.duration("gap-wait", c.gap_wait, 0, "how long a hole in a room may wait for Redis before the database is read");
  table.number<unsigned>("presence-names", c.presence_names, 0, "people of a room that presence names; above, it only counts");
  table.duration("presence-ttl", c.presence_ttl, 3000, "how long Redis keeps a replica's presence that is not refreshed");
  table.group = "Stopping";
  table.duration("drain-spread", c.drain_spread, 0, "time over which clients are asked to move when the server stops");
  table.duration("drain-grace", c.drain_grace, 0,
                 "then, how long publishes are still refused by name before connections are closed");
  table.duration("drain-deadline", c.drain_deadline, 0, "after so long what is left is closed");
  table.group = "Logging";
  table.word("log-level", c.log_level, {"trace", "debug", "info", "warn", "error", "off"}, "least level that is logged");
  table.word("log-format", c.log_format, {"text", "json"}, "form of a line on standard error");
}

}  // namespace

std::vector<Row> config_table(Config& config) {
  Table table;
  add_places(table, config);
  add_people(table, config);
  add_connection_limits(table, config);
  add_mqtt_limits(table, config);
  add_http_limits(table, config);
  add_the_rest(table, config);
  return std::move(table.rows);
}

namespace {

// The words that the examples of the documentation, the chart and the compose stack use as passwords.
bool has_example_password(std::string url) {
  static constexpr std::array<std::string_view, 5> examples = {":example", ":changeme@", ":password@", ":postgres@", ":parley@"};
  for (char& c : url) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  for (const std::string_view example : examples) {
    if (url.find(example) != std::string::npos) return true;
  }
  return false;
}

Status check_production(const Config& config) {
  static constexpr std::string_view advice = " is an example's; make a random one (openssl rand -hex 24)";
  if (has_example_password(config.database)) return refuse("--production: the password in --database" + std::string(advice));
  if (has_example_password(config.redis)) return refuse("--production: the password in --redis" + std::string(advice));
  if (config.insecure_test_mode) return refuse("--production and --insecure-test-mode exclude each other");
  if (config.echo) return refuse("--production: --echo is for conformance suites only");
  for (const std::string& origin : config.allowed_origins) {
    if (origin == "*") return refuse("--production: --allowed-origin * lets every web page in; name the origins");
  }
  return ok_status();
}

Status check_tls(const Config& config) {
  const bool mqtts = config.mqtts_listen != "off";
  if (mqtts) {
    const auto address = net::Address::parse(config.mqtts_listen);
    if (!address) return refuse("--mqtts-listen: " + address.error().message + "; \"off\" for none");
  }
  if (config.tls_cert.empty() != config.tls_key.empty()) return refuse("--tls-cert and --tls-key go together: give both or none");
  if (config.tls_cert.empty()) {
    if (mqtts) return refuse("--mqtts-listen needs a certificate: --tls-cert and --tls-key");
    if (config.tls_only) return refuse("--tls-only needs a certificate: --tls-cert and --tls-key");
    return ok_status();
  }
  if (!config.tls_only) return ok_status();
  if (config.plain_http) return refuse("--tls-only and --plain-http exclude each other");
  if (config.mqtt_listen != "off" && config.mqtt_listen != Config().mqtt_listen) {
    return refuse("--tls-only: --mqtt-listen is in clear; use --mqtts-listen and leave it off");
  }
  return ok_status();
}

Status check_mqtt(const Config& config) {
  constexpr unsigned most = 65'535;
  if (config.mqtt_listen != "off") {
    const auto address = net::Address::parse(config.mqtt_listen);
    if (!address) return refuse("--mqtt-listen: " + address.error().message + "; \"off\" for none");
  }
  if (config.mqtt_receive_max > most) return refuse("--mqtt-receive-max is at most 65535");
  if (config.mqtt_inflight_max > most) return refuse("--mqtt-inflight-max is at most 65535");
  if (config.mqtt_topic_aliases > most) return refuse("--mqtt-topic-aliases is at most 65535");
  if (config.mqtt_keep_alive_max > most * MonoMs{1000}) return refuse("--mqtt-keep-alive-max is at most 65535s");
  if (config.mqtt_packet_bytes > (256U << 20U) - 1) return refuse("--mqtt-packet-bytes is less than 256MiB");
  if (config.mqtt_topic_bytes > most) return refuse("--mqtt-topic-bytes is at most 65535");
  if (config.mqtt_client_id_bytes > most) return refuse("--mqtt-client-id-bytes is at most 65535");
  if (config.mqtt_connect_bytes > (256U << 20U) - 1) return refuse("--mqtt-connect-bytes is less than 256MiB");
  return ok_status();
}

}  // namespace

Status check_config(const Config& config) {
  if (config.production) {
    if (Status fit = check_production(config); !fit) return fit;
  }
  if (const auto address = net::Address::parse(config.listen); !address) return refuse("--listen: " + address.error().message);
  if (!config.metrics_listen.empty()) {
    const auto address = net::Address::parse(config.metrics_listen);
    if (!address) return refuse("--metrics-listen: " + address.error().message);
  }
  if (Status mqtt = check_mqtt(config); !mqtt) return mqtt;
  if (Status tls = check_tls(config); !tls) return tls;
  if (!config.database.empty()) {
    if (const Status known = check_store_url(config.database); !known) return refuse("--database: " + known.error().message);
  }
  if (!config.redis.empty()) {
    if (const auto url = cluster::parse_redis_url(config.redis); !url) return refuse("--redis: " + url.error().message);
  }
  if (config.proxy_protocol && config.trusted_proxies.empty()) {
    return refuse("--proxy-protocol needs --trusted-proxy: the addresses from which the header is believed");
  }
  if (config.password_cost == "min" && !config.insecure_test_mode) {
    return refuse("--password-cost min protects nothing; it needs --insecure-test-mode, and is for tests only");
  }
  if (config.drain_deadline < config.drain_spread + config.drain_grace) {
    return refuse("--drain-deadline must not be shorter than --drain-spread and --drain-grace together");
  }
  return ok_status();
}

std::string mask_password(const std::string& url) {
  const std::size_t scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const std::size_t begin = scheme + 3;
  const std::size_t at = url.rfind('@', url.find('/', begin));
  if (at == std::string::npos || at < begin) return url;
  const std::size_t colon = url.find(':', begin);
  if (colon == std::string::npos || colon > at) return url;
  return url.substr(0, colon + 1) + "***" + url.substr(at);
}

}  // namespace parley::server
