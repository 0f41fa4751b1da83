#include "loadtest/report.h"

#include <gtest/gtest.h>

#include "loadtest/report_html.h"

namespace parley::loadtest {
namespace {

Report some_report(const std::string& title, std::uint64_t violations) {
  Report report;
  report.title = title;
  report.scenario = "fanout";
  report.broker = "mqtt://127.0.0.1:1883";
  report.settings = {{"rooms", "1"}, {"bytes", "128"}};
  report.seconds = 2;
  report.connections = 10;
  report.published = 20;
  report.delivered = 200;
  report.violations = violations;
  report.violation_counts = {{"lost", violations}};
  if (violations != 0) report.violation_texts = {"lost: client 1 <never> got it"};
  report.server_known = true;
  report.server_cpu_s = 0.001;
  report.rss_before = 1'000'000;
  report.rss_idle = 1'020'480;
  for (std::int64_t i = 1; i <= 200; ++i) report.delivery.record(i * 1000);
  for (int i = 1; i <= 2; ++i) report.samples.push_back({1.0 * i, 1, 10, 100, 10, 100'000, 200'000, 200'000, 0.5, 1'020'480});
  return report;
}

TEST(Report, DerivedFigures) {
  const Report report = some_report("one", 0);
  EXPECT_DOUBLE_EQ(report.cpu_us_per_delivery(), 5);
  EXPECT_DOUBLE_EQ(report.bytes_per_connection(), 2048);
  EXPECT_DOUBLE_EQ(report.deliveries_per_s(), 100);
}

TEST(Report, JsonAndBack) {
  const Report report = some_report("with \"quotes\"", 3);
  const std::string text = to_json(report);
  const Result<Report> back = report_from_json(text);
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(to_json(*back), text);
  EXPECT_EQ(back->delivery, report.delivery);
  EXPECT_EQ(back->samples.size(), 2U);
  EXPECT_FALSE(report_from_json("{}").ok());
  EXPECT_FALSE(report_from_json("nonsense").ok());
}

TEST(Report, MergeAddsUp) {
  Report other = some_report("two", 2);
  other.server_known = false;
  other.samples.pop_back();
  const Report all = merge({some_report("one", 1), other});
  EXPECT_EQ(all.delivered, 400U);
  EXPECT_EQ(all.violations, 3U);
  EXPECT_EQ(all.violation_counts.front().second, 3U);
  EXPECT_EQ(all.delivery.count(), 400U);
  EXPECT_EQ(all.seconds, 2) << "they ran at the same time";
  EXPECT_EQ(all.samples[0].delivered, 200U);
  EXPECT_EQ(all.samples[1].delivered, 100U);
  EXPECT_DOUBLE_EQ(all.server_cpu_s, 0.001);
}

TEST(Report, TheTableNamesTheViolations) {
  EXPECT_NE(to_table(some_report("one", 3)).find("lost 3"), std::string::npos);
  EXPECT_NE(to_table(some_report("one", 3)).find("client 1 <never> got it"), std::string::npos);
}

TEST(Report, ThePageNeedsNothingElseAndEscapes) {
  const std::string page = to_html({some_report("a<b", 1), some_report("two", 0)});
  EXPECT_EQ(page.find("http://"), std::string::npos);
  EXPECT_EQ(page.find("https://"), std::string::npos);
  EXPECT_EQ(page.find("<script"), std::string::npos);
  EXPECT_NE(page.find("a&lt;b"), std::string::npos);
  EXPECT_NE(page.find("&lt;never&gt;"), std::string::npos);
  EXPECT_NE(page.find("<polyline"), std::string::npos);
  EXPECT_NE(page.find("prefers-color-scheme:dark"), std::string::npos);
}

TEST(Report, AnEmptyRunMakesAPage) { EXPECT_NE(to_html({Report()}).find("</html>"), std::string::npos); }

TEST(Report, Durations) {
  EXPECT_EQ(duration_text(999), "999 ns");
  EXPECT_EQ(duration_text(1'234), "1.23 µs");
  EXPECT_EQ(duration_text(45'600'000), "45.6 ms");
  EXPECT_EQ(duration_text(2'000'000'000), "2.00 s");
}

}  // namespace
}  // namespace parley::loadtest
