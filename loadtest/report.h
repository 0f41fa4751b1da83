#pragma once

// What a run measured, and its forms: JSON (written and read back), a table for people. The HTML is in report_html.h.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "broker/base/result.h"
#include "loadtest/histogram.h"

namespace parley::loadtest {

// One second of the run.
struct Sample {
  double at_s = 0;  // since the measurement began; negative in the warm-up
  double seconds = 1;
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;
  std::uint64_t connections = 0;
  std::int64_t p50_ns = 0;
  std::int64_t p99_ns = 0;
  std::int64_t max_ns = 0;
  double server_cpu = 0;  // of one core
  std::uint64_t server_rss = 0;
};

struct Report {
  std::string title;
  std::string scenario;
  std::string broker;    // the URLs
  std::string protocol;  // "MQTT 3.1.1 over TCP, QoS 0"
  std::vector<std::pair<std::string, std::string>> settings;

  double seconds = 0;  // of the measurement
  std::uint64_t connections = 0;
  std::uint64_t published = 0;  // within the measurement, as the next two
  std::uint64_t delivered = 0;
  std::uint64_t acked = 0;
  std::uint64_t expected_all = 0;  // in the whole run
  std::uint64_t published_all = 0;
  std::uint64_t reconnects = 0;
  std::uint64_t repeats_allowed = 0;
  std::uint64_t history_checked = 0;
  double connect_s = 0;  // until all were there
  double recover_s = 0;  // resume, offline: until everybody had everything again; the longest
  Histogram delivery;    // from when a message was meant to be sent to its arrival
  Histogram ack;
  Histogram connect;
  std::vector<Sample> samples;

  std::uint64_t violations = 0;
  std::vector<std::pair<std::string, std::uint64_t>> violation_counts;
  std::vector<std::string> violation_texts;

  bool server_known = false;
  double server_cpu_s = 0;
  std::uint64_t rss_before = 0;  // without connections
  std::uint64_t rss_idle = 0;    // with all of them, before the first message
  std::uint64_t rss_end = 0;
  double generator_cpu_s = 0;

  double cpu_us_per_delivery() const { return delivered == 0 ? 0 : server_cpu_s * 1e6 / static_cast<double>(delivered); }
  double bytes_per_connection() const {
    return connections == 0
               ? 0
               : (static_cast<double>(rss_idle) - static_cast<double>(rss_before)) / static_cast<double>(connections);
  }
  double deliveries_per_s() const { return seconds <= 0 ? 0 : static_cast<double>(delivered) / seconds; }
  double published_per_s() const { return seconds <= 0 ? 0 : static_cast<double>(published) / seconds; }
};

std::string to_json(const Report& report);
// bad_request when it is no report.
Result<Report> report_from_json(std::string_view text);

// The table at the end of a run.
std::string to_table(const Report& report);

// Runs that went on at the same time, in several processes, as one: counts add up, histograms merge, rates add up second by
// second. The server's figures are those of the first that has them.
Report merge(const std::vector<Report>& reports);

// "1.23 ms", "45 µs".
std::string duration_text(std::int64_t ns);
// Three digits, with k, M, G.
std::string count_text(double number);
std::string fixed(double number, int decimals);

}  // namespace parley::loadtest
