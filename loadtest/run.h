#pragma once

// One run: connects everybody, warms up, measures, waits for what is under way, compares with the broker's history, reports.
//
// Threads: all on the caller's, in the loop that it runs.

#include <memory>
#include <string>
#include <vector>

#include "broker/base/unique_function.h"
#include "loadtest/behaviour.h"
#include "loadtest/faults.h"
#include "loadtest/feed.h"
#include "loadtest/fleet.h"
#include "loadtest/ledger.h"
#include "loadtest/meter.h"
#include "loadtest/report.h"

namespace parley::loadtest {

class Run final : private ClientEvents, private Stage {
 public:
  explicit Run(Options options);
  ~Run() override;

  // Runs it to its end. unavailable when the broker could not be reached.
  Result<Report> go();

 private:
  enum class Phase : unsigned char { connecting, settling, warming, measuring, draining, over };

  // ClientEvents
  void on_up(Client& client) override;
  void on_arrival(Client& client, const Arrival& arrival) override;
  void on_acked(Client& client, const Outgoing& message, std::uint64_t seq) override;
  void on_refused(Client& client, const Outgoing& message, std::string_view why) override;
  void on_in_doubt(Client& client, std::uint32_t stream, std::uint32_t first, bool sent_again) override;
  void on_wrong(Client& client, std::string_view what) override;
  void on_gap(Client& client, std::string_view room, std::string_view what) override;
  void on_down(Client& client, const std::string& reason, std::int64_t after_ms) override;

  // Stage: what behaviours may do
  Fleet& fleet() override { return fleet_; }
  Feed& feed() override { return feed_; }
  Ledger& ledger() override { return ledger_; }
  const Options& options() const override { return options_; }
  const std::vector<PlannedClient>& plan() const override { return plan_; }
  void drop(std::uint32_t client) override;
  void finish_measuring() override;

  void tick();
  void advance(std::int64_t now);
  void enter(Phase phase);
  void stop_with(std::string problem);
  void away(std::uint32_t client);
  bool settled() const;
  void say(const Sample& sample);
  Report report();

  Options options_;
  net::Loop loop_;
  Ledger ledger_;
  std::vector<PlannedClient> plan_;
  Fleet fleet_;
  Feed feed_;
  Meter meter_;
  Faults faults_;
  std::unique_ptr<Behaviour> behaviour_;
  net::Timer timer_;
  Phase phase_ = Phase::connecting;
  bool resumes_;  // a subscription survives its connection
  std::int64_t began_ns_ = 0;
  std::int64_t phase_began_ns_ = 0;
  std::int64_t next_second_ns_ = 0;
  std::int64_t now_ns_ = 0;     // of this turn's reads
  std::uint64_t progress_ = 0;  // what came of what was published; and when it changed last
  std::int64_t progressed_ns_ = 0;
  double connect_s_ = 0;
  std::uint64_t rss_before_ = 0;
  std::uint64_t rss_idle_ = 0;
  std::uint64_t rss_end_ = 0;
  std::uint64_t history_checked_ = 0;
  std::string problem_;
};

}  // namespace parley::loadtest
