#pragma once

// Everything that can be set, with its default. Flags, PARLEY_* environment variables and a config file fill it through one table
// (config_table.cpp), which `parley --help` prints.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "broker/base/log.h"
#include "broker/base/result.h"
#include "broker/base/time.h"

namespace parley::server {

struct Config {
  // Where
  std::string listen = "127.0.0.1:8080";
  std::string mqtt_listen = "127.0.0.1:1883";  // "off": none
  std::string mqtts_listen = "off";
  std::string tls_cert;  // PEM; with it `listen` speaks TLS
  std::string tls_key;
  bool plain_http = false;     // `listen` in clear all the same
  bool tls_only = false;       // nothing in clear
  std::string metrics_listen;  // empty: /metrics is served on `listen`
  std::string data_dir = "./data";
  std::string database;  // empty: SQLite in the data folder
  std::string database_password_file;
  unsigned database_readers = 4;
  MonoMs database_connect_timeout = 5'000;
  MonoMs database_timeout = 10'000;
  MonoMs database_start_wait = 30'000;
  std::string redis;                // empty: none
  std::string redis_password_file;  // its first line; empty: PARLEY_REDIS_PASSWORD or the URL
  std::string redis_ca_file;        // empty: the system's certificates
  std::string redis_prefix = "parley";
  std::string web_root;  // empty: looked for beside the program
  unsigned workers = 0;  // 0: one per core
  unsigned backlog = 1024;

  // Who
  bool anonymous = false;
  bool registration = true;
  bool auto_create = true;
  bool echo = false;
  bool proxy_protocol = false;
  std::vector<std::string> allowed_origins;
  std::vector<std::string> trusted_proxies;
  std::string forwarded_header = "x-forwarded-for";
  MonoMs access_token_ttl = 900'000;
  MonoMs refresh_token_ttl = 30LL * 86'400'000;
  MonoMs guest_token_ttl = 86'400'000;
  std::string password_cost = "interactive";
  unsigned password_queue = 64;
  bool insecure_test_mode = false;
  bool production = false;  // refuses what is for development only

  // Limits of a connection
  unsigned connections_max = 100'000;
  unsigned window = 1024;
  std::size_t frame_bytes = 65'536;
  std::size_t echo_message_bytes = 16U << 20U;
  std::size_t window_bytes = 1U << 20U;
  unsigned subscriptions_max = 1000;
  unsigned inflight_max = 256;
  unsigned malformed_max = 10;
  unsigned signals_per_second = 0;
  MonoMs connect_timeout = 10'000;
  MonoMs heartbeat = 25'000;
  std::size_t high_water = 256U << 10U;
  std::size_t kernel_unsent = 128U << 10U;
  MonoMs write_stall = 120'000;

  // Limits of MQTT
  std::size_t mqtt_packet_bytes = 1U << 20U;
  std::size_t mqtt_connect_bytes = 256U << 10U;
  std::size_t mqtt_client_id_bytes = 1024;
  unsigned mqtt_filters_max = 8192;
  unsigned mqtt_user_properties_max = 1024;
  std::size_t mqtt_topic_bytes = 512;
  unsigned mqtt_topic_levels = 32;
  unsigned mqtt_subscriptions_max = 10'000;
  unsigned mqtt_receive_max = 1024;
  unsigned mqtt_inflight_max = 256;
  unsigned mqtt_topic_aliases = 256;
  unsigned mqtt_sessions_max = 1'000'000;
  unsigned mqtt_held_messages_max = 1024;
  std::uint64_t mqtt_held_entries_max = 100'000;
  MonoMs mqtt_keep_alive_max = 0;  // 0: as clients ask
  MonoMs mqtt_session_expiry_max = 30LL * 86'400'000;
  MonoMs mqtt_sys_interval = 10'000;  // 0: no $SYS topics
  MonoMs mqtt_save_interval = 250;    // 0: before anything is sent
  MonoMs mqtt_lease = 60'000;
  MonoMs mqtt_sweep_interval = 1000;
  MonoMs mqtt_wills_interval = 250;

  // Limits of HTTP
  std::size_t http_header_bytes = 16U << 10U;
  unsigned http_headers_max = 100;
  std::size_t http_body_bytes = 1U << 20U;
  MonoMs http_header_timeout = 10'000;
  MonoMs http_body_timeout = 10'000;
  MonoMs http_idle_timeout = 75'000;
  MonoMs http_answer_timeout = 90'000;
  unsigned http_pipeline_max = 16;
  unsigned http_requests_max = 10'000;

  // The log
  std::uint64_t retention_entries = 0;  // 0: no limit
  MonoMs retention_age = 0;             // 0: no limit
  unsigned batch_entries = 1024;
  unsigned queue_entries = 65'536;
  MonoMs doubt_wait = 60'000;

  // Replicas
  MonoMs heads_poll = 1000;
  MonoMs heads_poll_away = 100;
  MonoMs gap_wait = 25;
  unsigned presence_names = 100;
  MonoMs presence_ttl = 30'000;

  // Stopping
  MonoMs drain_spread = 2'000;
  MonoMs drain_grace = 1'000;
  MonoMs drain_deadline = 10'000;

  // Logging
  std::string log_level = "info";
  std::string log_format = "text";
};

enum class Verb : unsigned char { serve, check_config, check_health, migrate, epoch_bump, backup, restore, exit };

struct CommandLine {
  Verb verb = Verb::serve;
  int exit_code = 0;  // of Verb::exit: help or version was printed, or an error was
  Config config;
  std::string file;       // of backup and restore
  std::string effective;  // every setting and its value, one "name = value" a line, secrets masked
};

// Reads the command line, the environment and the config file; prints help, version and errors itself. Checks every value that
// can be checked without touching the machine.
CommandLine parse_command_line(int argc, const char* const* argv);

// A value as a person writes it: "250ms", "10s", "15m", "24h", "30d"; without a unit seconds are meant. bad_request says so.
Result<MonoMs> parse_duration(std::string_view text);
std::string format_duration(MonoMs ms);
// "65536", "64KiB", "1MiB", "2GiB".
Result<std::size_t> parse_size(std::string_view text);
std::string format_size(std::size_t bytes);

}  // namespace parley::server
