#include <algorithm>

#include "loadtest/report.h"

namespace parley::loadtest {

namespace {

void add_sample(Sample& to, const Sample& from) {
  to.published += from.published;
  to.delivered += from.delivered;
  to.connections += from.connections;
  // Percentiles of two processes do not add up: the worse of the two is honest.
  to.p50_ns = std::max(to.p50_ns, from.p50_ns);
  to.p99_ns = std::max(to.p99_ns, from.p99_ns);
  to.max_ns = std::max(to.max_ns, from.max_ns);
}

void add_counts(Report& to, const Report& from) {
  for (const auto& each : from.violation_counts) {
    const auto& [name, count] = each;
    const auto known = std::find_if(to.violation_counts.begin(), to.violation_counts.end(),
                                    [&](const auto& at) { return at.first == each.first; });
    if (known == to.violation_counts.end()) {
      to.violation_counts.emplace_back(name, count);
    } else {
      known->second += count;
    }
  }
}

void add(Report& to, const Report& from) {
  to.seconds = std::max(to.seconds, from.seconds);
  to.connections += from.connections;
  to.published += from.published;
  to.delivered += from.delivered;
  to.acked += from.acked;
  to.expected_all += from.expected_all;
  to.published_all += from.published_all;
  to.reconnects += from.reconnects;
  to.repeats_allowed += from.repeats_allowed;
  to.history_checked += from.history_checked;
  to.connect_s = std::max(to.connect_s, from.connect_s);
  to.recover_s = std::max(to.recover_s, from.recover_s);
  to.generator_cpu_s += from.generator_cpu_s;
  to.delivery.merge(from.delivery);
  to.ack.merge(from.ack);
  to.connect.merge(from.connect);
  to.violations += from.violations;
  to.violation_texts.insert(to.violation_texts.end(), from.violation_texts.begin(), from.violation_texts.end());
  add_counts(to, from);
  to.samples.resize(std::max(to.samples.size(), from.samples.size()));
  for (std::size_t i = 0; i < from.samples.size(); ++i) add_sample(to.samples[i], from.samples[i]);
  if (to.server_known || !from.server_known) return;
  to.server_known = true;
  to.server_cpu_s = from.server_cpu_s;
  to.rss_before = from.rss_before;
  to.rss_idle = from.rss_idle;
  to.rss_end = from.rss_end;
}

}  // namespace

Report merge(const std::vector<Report>& reports) {
  Report all;
  if (reports.empty()) return all;
  all = reports.front();
  for (std::size_t i = 1; i < reports.size(); ++i) add(all, reports[i]);
  return all;
}

}  // namespace parley::loadtest
