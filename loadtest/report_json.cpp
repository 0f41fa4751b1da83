#include <cmath>

#include "broker/protocol/json.h"
#include "loadtest/json_tree.h"
#include "loadtest/report.h"

namespace parley::loadtest {

namespace {

constexpr std::string_view format = "parley-loadtest/1";

// Each number of a report has one name here, so that what is written is what is read back.
template <typename R, typename Visit>
void visit_numbers(R& report, Visit visit) {
  visit("seconds", report.seconds);
  visit("connections", report.connections);
  visit("published", report.published);
  visit("delivered", report.delivered);
  visit("acked", report.acked);
  visit("expected_all", report.expected_all);
  visit("published_all", report.published_all);
  visit("reconnects", report.reconnects);
  visit("repeats_allowed", report.repeats_allowed);
  visit("history_checked", report.history_checked);
  visit("connect_s", report.connect_s);
  visit("recover_s", report.recover_s);
  visit("violations", report.violations);
  visit("server_cpu_s", report.server_cpu_s);
  visit("rss_before", report.rss_before);
  visit("rss_idle", report.rss_idle);
  visit("rss_end", report.rss_end);
  visit("generator_cpu_s", report.generator_cpu_s);
}

template <typename S, typename Visit>
void visit_sample(S& sample, Visit visit) {
  visit("at_s", sample.at_s);
  visit("seconds", sample.seconds);
  visit("published", sample.published);
  visit("delivered", sample.delivered);
  visit("connections", sample.connections);
  visit("p50_ns", sample.p50_ns);
  visit("p99_ns", sample.p99_ns);
  visit("max_ns", sample.max_ns);
  visit("server_cpu", sample.server_cpu);
  visit("server_rss", sample.server_rss);
}

struct Put {
  json::Writer& writer;
  void operator()(std::string_view name, double number) const {
    writer.key(name).raw(std::isfinite(number) ? fixed(number, 6) : "0");
  }
  void operator()(std::string_view name, std::uint64_t number) const { writer.member(name, number); }
  void operator()(std::string_view name, std::int64_t number) const { writer.member(name, number); }
};

struct Take {
  const JsonTree& tree;
  template <typename T>
  void operator()(std::string_view name, T& number) const {
    number = static_cast<T>(tree[name].number());
  }
};

void put_histogram(json::Writer& writer, std::string_view name, const Histogram& histogram) {
  std::string text;
  histogram.append_json(text);
  writer.key(name).raw(text);
}

}  // namespace

std::string to_json(const Report& report) {
  std::string out;
  json::Writer writer(out);
  writer.begin_object().member("format", format).member("title", report.title).member("scenario", report.scenario);
  writer.member("broker", report.broker).member("protocol", report.protocol).member("server_known", report.server_known);
  writer.key("settings").begin_object();
  for (const auto& [name, value] : report.settings) writer.member(name, value);
  writer.end_object();
  visit_numbers(report, Put{writer});
  const auto derived = Put{writer};  // for people and scripts; not read back
  derived("cpu_us_per_delivery", report.cpu_us_per_delivery());
  derived("bytes_per_connection", report.bytes_per_connection());
  derived("deliveries_per_s", report.deliveries_per_s());
  derived("published_per_s", report.published_per_s());
  derived("p50_us", static_cast<double>(report.delivery.percentile(0.5)) / 1e3);
  derived("p99_us", static_cast<double>(report.delivery.percentile(0.99)) / 1e3);
  derived("ack_p99_us", static_cast<double>(report.ack.percentile(0.99)) / 1e3);
  writer.key("violation_counts").begin_object();
  for (const auto& [name, count] : report.violation_counts) writer.member(name, count);
  writer.end_object().key("violation_texts").begin_array();
  for (const std::string& text : report.violation_texts) writer.value(text);
  writer.end_array();
  put_histogram(writer, "delivery", report.delivery);
  put_histogram(writer, "ack", report.ack);
  put_histogram(writer, "connect", report.connect);
  writer.key("samples").begin_array();
  for (const Sample& sample : report.samples) {
    writer.begin_object();
    visit_sample(sample, Put{writer});
    writer.end_object();
  }
  writer.end_array().end_object();
  out.push_back('\n');
  return out;
}

Result<Report> report_from_json(std::string_view text) {
  const Result<JsonTree> parsed = JsonTree::parse(text);
  if (!parsed) return parsed.error();
  const JsonTree& tree = *parsed;
  if (tree["format"].string() != format) return Error{Code::bad_request, "not a report of parley-loadtest"};
  Report report;
  report.title = tree["title"].string();
  report.scenario = tree["scenario"].string();
  report.broker = tree["broker"].string();
  report.protocol = tree["protocol"].string();
  report.server_known = tree["server_known"].truth();
  const JsonTree& settings = tree["settings"];
  for (std::size_t i = 0; i < settings.items().size(); ++i)
    report.settings.emplace_back(settings.names()[i], settings.at(i).string());
  visit_numbers(report, Take{tree});
  const JsonTree& counts = tree["violation_counts"];
  for (std::size_t i = 0; i < counts.items().size(); ++i) {
    report.violation_counts.emplace_back(counts.names()[i], static_cast<std::uint64_t>(counts.at(i).number()));
  }
  for (const JsonTree& one : tree["violation_texts"].items()) report.violation_texts.push_back(one.string());
  for (auto [name, histogram] : {std::pair{"delivery", &report.delivery}, {"ack", &report.ack}, {"connect", &report.connect}}) {
    Result<Histogram> read = Histogram::from(tree[name]);
    if (!read) return read.error();
    *histogram = *read;
  }
  for (const JsonTree& one : tree["samples"].items()) {
    Sample sample;
    visit_sample(sample, Take{one});
    report.samples.push_back(sample);
  }
  return report;
}

}  // namespace parley::loadtest
