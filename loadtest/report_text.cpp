#include <array>
#include <cmath>
#include <cstdio>

#include "loadtest/report.h"

namespace parley::loadtest {

std::string fixed(double number, int decimals) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "%.*f", decimals, number);
  return {text.data(), static_cast<std::size_t>(length)};
}

namespace {
std::string three_digits(double number) { return fixed(number, number >= 99.95 ? 0 : number >= 9.995 ? 1 : 2); }
}  // namespace

std::string duration_text(std::int64_t ns) {
  const auto number = static_cast<double>(ns);
  if (number < 1e3) return fixed(number, 0) + " ns";
  if (number < 1e6) return three_digits(number / 1e3) + " µs";
  if (number < 1e9) return three_digits(number / 1e6) + " ms";
  return three_digits(number / 1e9) + " s";
}

std::string count_text(double number) {
  if (std::abs(number) < 1e4) return fixed(number, number == std::floor(number) || number >= 100 ? 0 : 2);
  if (number < 1e6) return three_digits(number / 1e3) + "k";
  if (number < 1e9) return three_digits(number / 1e6) + "M";
  return three_digits(number / 1e9) + "G";
}

namespace {

void row(std::string& out, std::string_view name, const std::string& value) {
  out.append("  ").append(name).append(name.size() < 24 ? 24 - name.size() : 1, ' ').append(value).append("\n");
}

void latency_row(std::string& out, std::string_view name, const Histogram& histogram) {
  if (histogram.count() == 0) return;
  row(out, name,
      "p50 " + duration_text(histogram.percentile(0.5)) + "   p90 " + duration_text(histogram.percentile(0.9)) + "   p99 " +
          duration_text(histogram.percentile(0.99)) + "   p99.9 " + duration_text(histogram.percentile(0.999)) + "   max " +
          duration_text(histogram.max()));
}

}  // namespace

std::string to_table(const Report& report) {
  std::string out =
      "\n" + (report.title.empty() ? report.scenario : report.title) + ": " + report.protocol + ", " + report.broker + "\n";
  row(out, "connections",
      std::to_string(report.connections) + " in " + fixed(report.connect_s, 2) + " s" +
          (report.reconnects != 0 ? ", " + std::to_string(report.reconnects) + " times back again" : ""));
  latency_row(out, "connecting", report.connect);
  row(out, "measured", fixed(report.seconds, 2) + " s");
  row(out, "published", std::to_string(report.published) + ", " + count_text(report.published_per_s()) + "/s");
  row(out, "delivered", std::to_string(report.delivered) + ", " + count_text(report.deliveries_per_s()) + "/s");
  latency_row(out, "delivery", report.delivery);
  latency_row(out, "acknowledgement", report.ack);
  if (report.recover_s > 0) row(out, "back in order after", fixed(report.recover_s, 3) + " s");
  if (report.server_known) {
    row(out, "server CPU", fixed(report.server_cpu_s, 2) + " s, " + fixed(report.cpu_us_per_delivery(), 3) + " µs per delivery");
    row(out, "server memory",
        fixed(static_cast<double>(report.rss_before) / 1e6, 1) + " MB empty, " + fixed(report.bytes_per_connection() / 1024, 2) +
            " kB per idle connection, " + fixed(static_cast<double>(report.rss_end) / 1e6, 1) + " MB at the end");
  }
  row(out, "generator CPU", fixed(report.seconds > 0 ? report.generator_cpu_s / report.seconds * 100 : 0, 0) + " % of a core");
  row(out, "verified",
      std::to_string(report.expected_all) + " deliveries of " + std::to_string(report.published_all) + " messages" +
          (report.history_checked != 0 ? ", " + std::to_string(report.history_checked) + " entries of history" : "") +
          (report.repeats_allowed != 0 ? ", " + std::to_string(report.repeats_allowed) + " permitted repeats" : ""));
  std::string counts;
  for (const auto& [name, count] : report.violation_counts) {
    if (count != 0) counts += (counts.empty() ? ": " : ", ") + name + " " + std::to_string(count);
  }
  row(out, "violations", std::to_string(report.violations) + counts);
  for (const std::string& text : report.violation_texts) out += "    " + text + "\n";
  return out;
}

}  // namespace parley::loadtest
