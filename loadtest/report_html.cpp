#include "loadtest/report_html.h"

#include "loadtest/plot.h"

namespace parley::loadtest {

namespace {

// Colours that keep apart for the colour-blind, too (Okabe and Ito's, lightened for the dark).
constexpr const char* style = R"(<style>
:root{color-scheme:light dark;--back:#fff;--text:#1b1f24;--soft:#59636e;--grid:#e3e7ec;--bad:#b3261e;--good:#1a7f37;
--s0:#0072b2;--s1:#d55e00;--s2:#009e73;--s3:#cc79a7;--s4:#b08900;--s5:#56b4e9;--s6:#7a4fbf;--s7:#555}
@media (prefers-color-scheme:dark){:root{--back:#14181d;--text:#e8ecf1;--soft:#9aa5b1;--grid:#2b323b;--bad:#ff8a80;--good:#5fd38d;
--s0:#4aa8e0;--s1:#ff9248;--s2:#3ccf9f;--s3:#e59cc4;--s4:#e3bf3c;--s5:#8ecdf5;--s6:#b596ef;--s7:#bbb}}
body{margin:2rem auto;max-width:76rem;padding:0 1rem;font:15px/1.5 system-ui,sans-serif;background:var(--back);color:var(--text)}
h1{font-size:1.5rem;margin:0 0 .3rem}p{color:var(--soft);margin:.2rem 0 1rem}
.scroll{overflow-x:auto}table{border-collapse:collapse;margin:1rem 0;font-variant-numeric:tabular-nums}
th,td{padding:.3rem .9rem .3rem 0;text-align:left;border-bottom:1px solid var(--grid);white-space:nowrap}th{font-weight:600;color:var(--soft)}
.bad{color:var(--bad);font-weight:600}.good{color:var(--good);font-weight:600}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(34rem,100%),1fr));gap:1rem}
svg{width:100%;height:auto;font:12px system-ui,sans-serif}svg text{fill:var(--soft)}svg .t{fill:var(--text);font-weight:600;font-size:13px}
svg .g{stroke:var(--grid);stroke-width:1}
.dot{display:inline-block;width:.7em;height:.7em;border-radius:50%;margin-right:.5em}
</style>)";

std::string name_of(const Report& report) { return report.title.empty() ? report.scenario : report.title; }

void row(std::string& out, const std::string& name, const std::vector<Report>& reports, auto text) {
  out += "<tr><th>" + name + "</th>";
  for (const Report& report : reports) out += "<td>" + text(report) + "</td>";
  out += "</tr>\n";
}

std::string settings_text(const Report& report) {
  std::string text;
  for (const auto& [name, value] : report.settings) {
    if (!text.empty()) text += ", ";
    text.append(name).append(" ").append(value);
  }
  return escape_html(text);
}

void latency_rows(std::string& out, const std::vector<Report>& reports) {
  const auto latency = [](const Histogram& histogram, double share) {
    return histogram.count() == 0 ? std::string("–") : duration_text(histogram.percentile(share));
  };
  row(out, "delivery p50", reports, [&](const Report& r) { return latency(r.delivery, 0.5); });
  row(out, "delivery p99", reports, [&](const Report& r) { return latency(r.delivery, 0.99); });
  row(out, "delivery p99.9", reports, [&](const Report& r) { return latency(r.delivery, 0.999); });
  row(out, "delivery max", reports, [&](const Report& r) { return latency(r.delivery, 1); });
  row(out, "acknowledgement p50 / p99", reports,
      [&](const Report& r) { return latency(r.ack, 0.5) + " / " + latency(r.ack, 0.99); });
  row(out, "connecting p50 / p99", reports,
      [&](const Report& r) { return latency(r.connect, 0.5) + " / " + latency(r.connect, 0.99); });
}

void table(std::string& out, const std::vector<Report>& reports) {
  out += "<div class=\"scroll\"><table>\n<tr><th></th>";
  for (std::size_t i = 0; i < reports.size(); ++i) {
    out += "<td><span class=\"dot\" style=\"background:var(--s" + std::to_string(i % 8) + ")\"></span>" +
           escape_html(name_of(reports[i])) + "</td>";
  }
  out += "</tr>\n";
  row(out, "broker", reports, [](const Report& r) { return escape_html(r.broker); });
  row(out, "protocol", reports, [](const Report& r) { return escape_html(r.protocol); });
  row(out, "settings", reports, settings_text);
  row(out, "connections", reports,
      [](const Report& r) { return std::to_string(r.connections) + " in " + fixed(r.connect_s, 2) + " s"; });
  row(out, "published", reports, [](const Report& r) { return count_text(r.published_per_s()) + "/s"; });
  row(out, "delivered", reports, [](const Report& r) { return count_text(r.deliveries_per_s()) + "/s"; });
  latency_rows(out, reports);
  const auto server = [](const Report& r, const std::string& text) { return r.server_known ? text : std::string("–"); };
  row(out, "server CPU per delivery", reports,
      [&](const Report& r) { return server(r, fixed(r.cpu_us_per_delivery(), 3) + " µs"); });
  row(out, "memory per idle connection", reports,
      [&](const Report& r) { return server(r, fixed(r.bytes_per_connection() / 1024, 2) + " kB"); });
  row(out, "server memory at the end", reports,
      [&](const Report& r) { return server(r, fixed(static_cast<double>(r.rss_end) / 1e6, 1) + " MB"); });
  row(out, "verified deliveries", reports, [](const Report& r) { return std::to_string(r.expected_all); });
  row(out, "violations", reports, [](const Report& r) {
    return "<span class=\"" + std::string(r.violations == 0 ? "good" : "bad") + "\">" + std::to_string(r.violations) + "</span>";
  });
  out += "</table></div>\n";
}

void violations(std::string& out, const std::vector<Report>& reports) {
  for (const Report& report : reports) {
    if (report.violation_texts.empty()) continue;
    out += "<h2 class=\"bad\">" + escape_html(name_of(report)) + ": violations</h2><ul>\n";
    for (const std::string& text : report.violation_texts) out += "<li>" + escape_html(text) + "</li>\n";
    out += "</ul>\n";
  }
}

// A line of each report over the seconds of its run.
void over_time(Plot& plot, const std::vector<Report>& reports, const std::string& suffix, bool dashed, auto value) {
  for (std::size_t i = 0; i < reports.size(); ++i) {
    Line line;
    line.name = reports.size() == 1 ? suffix : name_of(reports[i]) + (suffix.empty() ? "" : " " + suffix);
    line.dashed = dashed && reports.size() > 1;
    line.colour = static_cast<unsigned>(reports.size() == 1 ? plot.lines.size() : i);
    for (const Sample& sample : reports[i].samples) line.points.emplace_back(sample.at_s, value(sample));
    plot.lines.push_back(std::move(line));
  }
}

// Latency against the share of deliveries that took longer: the tail to the right.
Plot distribution(const std::vector<Report>& reports) {
  Plot plot;
  plot.title = "Share of deliveries that took longer (log)";
  plot.x_label = "latency";
  plot.x_time = true;
  plot.y_log = true;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    const Histogram& histogram = reports[i].delivery;
    Line line;
    line.name = reports.size() == 1 ? "" : name_of(reports[i]);
    line.colour = static_cast<unsigned>(i);
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < Histogram::bucket_count; ++bucket) {
      if (histogram.at(bucket) == 0) continue;
      seen += histogram.at(bucket);
      const double rest = static_cast<double>(histogram.count() - seen) / static_cast<double>(histogram.count());
      if (rest > 0) line.points.emplace_back(static_cast<double>(Histogram::upper(bucket)), rest);
    }
    plot.lines.push_back(std::move(line));
  }
  return plot;
}

void plots(std::string& out, const std::vector<Report>& reports) {
  const auto plot_of = [](std::string title, bool time) {
    Plot plot;
    plot.title = std::move(title);
    plot.x_label = "seconds";
    plot.y_time = time;
    plot.y_log = time;
    return plot;
  };
  out += "<div class=\"plots\">\n";
  Plot rate = plot_of("Deliveries a second", false);
  over_time(rate, reports, "", false, [](const Sample& s) { return static_cast<double>(s.delivered) / s.seconds; });
  Plot latency = plot_of("Delivery latency over time (log)", true);
  over_time(latency, reports, "p50", false, [](const Sample& s) { return static_cast<double>(s.p50_ns); });
  over_time(latency, reports, "p99", true, [](const Sample& s) { return static_cast<double>(s.p99_ns); });
  if (reports.size() == 1)
    over_time(latency, reports, "max", false, [](const Sample& s) { return static_cast<double>(s.max_ns); });
  out += to_svg(rate) + to_svg(latency) + to_svg(distribution(reports));
  Plot cpu = plot_of("Server CPU (cores)", false);
  over_time(cpu, reports, "", false, [](const Sample& s) { return s.server_cpu; });
  Plot memory = plot_of("Server memory (MB)", false);
  over_time(memory, reports, "", false, [](const Sample& s) { return static_cast<double>(s.server_rss) / 1e6; });
  bool known = false;
  for (const Report& report : reports) known = known || report.server_known;
  if (known) out += to_svg(cpu) + to_svg(memory);
  out += "</div>\n";
}

}  // namespace

std::string to_html(const std::vector<Report>& reports) {
  std::string title = reports.size() == 1 ? name_of(reports.front()) : "Comparison";
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
      "<title>" +
      escape_html(title) + " – parley-loadtest</title>";
  out += style;
  out += "</head><body>\n<h1>" + escape_html(title) +
         "</h1>\n<p>parley-loadtest " PARLEY_VERSION
         ". Latencies run from the time at which a message was to be sent to its arrival at a subscriber.</p>\n";
  table(out, reports);
  violations(out, reports);
  plots(out, reports);
  return out + "</body></html>\n";
}

}  // namespace parley::loadtest
