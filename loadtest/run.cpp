#include "loadtest/run.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <iostream>

#include "broker/net/signal_watcher.h"
#include "loadtest/history.h"
#include "loadtest/monotonic.h"
#include "loadtest/processes.h"

namespace parley::loadtest {

namespace {

constexpr MonoMs tick_ms = 10;
constexpr double ns_per_s = 1e9;
constexpr double connect_patience_s = 60;

double seconds_between(std::int64_t from, std::int64_t to) { return static_cast<double>(to - from) / ns_per_s; }

// As many descriptors as the system allows.
void raise_descriptors() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

std::string protocol_text(const Options& options) {
  const Url& url = options.urls.front();
  const std::string over = std::string(" over ") + (url.tls ? "TLS " : "") + (url.websocket ? "WebSocket" : "TCP");
  if (url.protocol == Protocol::native)
    return "native" + over + (options.client.acknowledged() ? ", QoS 1" : ", QoS 0 (signals)");
  if (url.protocol == Protocol::socketio) return "Socket.IO" + over;
  return std::string("MQTT ") + (options.client.version == mqtt::Version::v5 ? "5" : "3.1.1") + over + ", QoS " +
         std::to_string(static_cast<unsigned>(options.client.qos));
}

}  // namespace

Run::Run(Options options)
    : options_(std::move(options)),
      ledger_(options_.client.run, options_.rate > 0 ? 0 : options_.in_flight),
      plan_(make_plan(options_, ledger_)),
      fleet_(loop_, options_, *this),
      feed_(loop_, options_, ledger_, fleet_, plan_),
      meter_(options_.server_pids),
      faults_(options_.faults),
      behaviour_(make_behaviour(options_)),
      timer_(loop_),
      resumes_((options_.client.protocol == Protocol::native && options_.client.acknowledged()) || options_.client.persistent) {}

Run::~Run() = default;

Result<Report> Run::go() {
  raise_descriptors();
  net::ignore_broken_pipes();
  if (const Status added = fleet_.add(plan_); !added) return added.error();
  const net::SignalWatcher interrupted(loop_, SIGINT, [this] {
    if (phase_ < Phase::draining) return enter(Phase::draining);
    stop_with("interrupted");
  });
  rss_before_ = use_of(options_.server_pids).rss;
  began_ns_ = phase_began_ns_ = next_second_ns_ = now_ns();
  for (std::uint32_t i = 0; i < plan_.size(); ++i) {
    if (behaviour_->joins_at_start(i)) fleet_.bring_up(i);
  }
  timer_.every(tick_ms, [this] { tick(); });
  loop_.run();
  timer_.stop();
  fleet_.rest();
  if (!problem_.empty()) return Error{Code::unavailable, problem_};
  return report();
}

// ---- phases

void Run::tick() {
  const std::int64_t now = now_ns();
  if (now >= next_second_ns_) {
    next_second_ns_ += static_cast<std::int64_t>(ns_per_s);
    say(meter_.tick(now, fleet_.up(), ledger_.published()));
  }
  if (phase_ == Phase::measuring) {
    const std::string said = faults_.tick(seconds_between(phase_began_ns_, now));
    if (!said.empty() && !options_.quiet) std::cerr << "\n" << said << std::endl;
    behaviour_->tick(*this, now);
  }
  feed_.tick();
  advance(now);
}

void Run::advance(std::int64_t now) {
  const double for_s = seconds_between(phase_began_ns_, now);
  switch (phase_) {
    case Phase::connecting: {
      std::size_t wanted = 0;
      for (std::uint32_t i = 0; i < plan_.size(); ++i) wanted += behaviour_->joins_at_start(i) ? 1 : 0;
      if (fleet_.up() == wanted) return enter(Phase::settling);
      // Whom one does not trust now one will not trust in a minute.
      const bool hopeless = fleet_.up() == 0 && fleet_.last_failure().find("certificate") != std::string::npos;
      if (for_s > connect_patience_s || hopeless) {
        stop_with(std::to_string(fleet_.up()) + " of " + std::to_string(wanted) + " connections in " + fixed(for_s, 0) +
                  " s; the last failure: " + (fleet_.last_failure().empty() ? "none" : fleet_.last_failure()));
      }
      return;
    }
    case Phase::settling:
      if (for_s >= options_.settle_s) enter(Phase::warming);
      return;
    case Phase::warming:
      if (for_s >= options_.warmup_s) enter(Phase::measuring);
      return;
    case Phase::measuring: {
      // What never comes must not be waited for without end: no progress for as long as the drain may take is the end, too.
      const std::uint64_t progress = ledger_.published() - ledger_.outstanding();
      if (progress != progress_) {
        progress_ = progress;
        progressed_ns_ = now;
      }
      const bool stuck = seconds_between(std::max(progressed_ns_, phase_began_ns_), now) >= options_.drain_s;
      const bool published_all = options_.messages != 0 && ((!feed_.running() && ledger_.outstanding() == 0) || stuck);
      const bool patient = options_.scenario == Scenario::offline ? for_s >= options_.duration_s && stuck
                                                                  : options_.messages == 0 && for_s >= options_.duration_s;
      if (published_all || patient) enter(Phase::draining);
      return;
    }
    case Phase::draining:
      if (settled() || for_s >= options_.drain_s) enter(Phase::over);
      return;
    case Phase::over:
      return;
  }
}

void Run::enter(Phase phase) {
  const std::int64_t now = now_ns();
  if (phase_ == Phase::measuring) meter_.end(now, ledger_.published());
  phase_ = phase;
  phase_began_ns_ = now;
  switch (phase) {
    case Phase::settling:
      connect_s_ = seconds_between(began_ns_, now);
      break;
    case Phase::warming:
      rss_idle_ = use_of(options_.server_pids).rss;
      behaviour_->warm_up(*this);
      break;
    case Phase::measuring:
      feed_.limit(options_.messages);
      meter_.begin(now, ledger_.published());
      behaviour_->measure(*this);
      break;
    case Phase::draining:
      feed_.stop();
      behaviour_->drain(*this);
      rss_end_ = use_of(options_.server_pids).rss;
      break;
    default:
      loop_.stop();
  }
}

void Run::finish_measuring() {
  if (phase_ == Phase::measuring) enter(Phase::draining);
}

void Run::stop_with(std::string problem) {
  problem_ = std::move(problem);
  phase_ = Phase::over;
  loop_.stop();
}

bool Run::settled() const {
  if (ledger_.outstanding() != 0 || faults_.pending()) return false;
  for (std::uint32_t i = 0; i < fleet_.size(); ++i) {
    if (const_cast<Fleet&>(fleet_).client(i).unacked() != 0) return false;
  }
  return true;
}

void Run::say(const Sample& sample) {
  if (options_.quiet) return;
  const bool terminal = isatty(STDERR_FILENO) != 0;
  std::cerr << (terminal ? "\r\x1b[K" : "") << live_line(sample, ledger_.violations().total()) << (terminal ? "" : "\n")
            << std::flush;
}

// ---- what clients tell

void Run::on_up(Client& client) {
  fleet_.came_up(client);
  ledger_.client_back(client.index());
  behaviour_->client_up(*this, client.index());
  feed_.client_up(client.index());
}

void Run::on_arrival(Client& client, const Arrival& arrival) {
  if (arrival.entry_only) return ledger_.seq_passed(client.index(), arrival.room, arrival.seq, arrival.repeated);
  const Ledger::Outcome outcome = ledger_.arrived(client.index(), arrival.room, arrival.payload, arrival.seq, arrival.repeated);
  if (!outcome.counted) return;
  meter_.delivered(now_ns() - outcome.sent_ns);
  if (outcome.completed) feed_.delivered(outcome.stream);
}

void Run::on_acked(Client&, const Outgoing& message, std::uint64_t seq) {
  ledger_.acked(message.stream, message.number, seq);
  meter_.acked(now_ns() - message.sent_ns);
  feed_.acked(message.stream);
}

void Run::on_refused(Client&, const Outgoing& message, std::string_view why) {
  ledger_.refused(message.stream, message.number);
  ledger_.violations().add(Violation::refused, std::string(why));
  feed_.refused(message.stream);
}

void Run::on_in_doubt(Client&, std::uint32_t stream, std::uint32_t first, bool sent_again) {
  ledger_.in_doubt(stream, first, sent_again);
  if (!sent_again) feed_.forgive(stream);
}

void Run::on_wrong(Client& client, std::string_view what) {
  ledger_.violations().add(Violation::protocol, "client " + std::to_string(client.index()) + ": " + std::string(what));
}

void Run::on_gap(Client& client, std::string_view room, std::string_view what) {
  ledger_.violations().add(Violation::lost,
                           "client " + std::to_string(client.index()) + " in " + std::string(room) + ": " + std::string(what));
}

void Run::on_down(Client& client, const std::string& reason, std::int64_t after_ms) {
  fleet_.went_down(client, reason, after_ms);
  away(client.index());
}

void Run::drop(std::uint32_t client) {
  fleet_.drop(client);
  away(client);
}

void Run::away(std::uint32_t client) {
  if (resumes_) return;
  std::vector<Ledger::StreamId> completed;
  ledger_.client_away(client, completed);
  for (const Ledger::StreamId stream : completed) feed_.delivered(stream);
}

// ---- the end

Report Run::report() {
  if (!options_.lossy) ledger_.settle();
  if (options_.history) {
    Result<std::uint64_t> checked = check_history(options_, ledger_);
    if (checked) {
      history_checked_ = *checked;
    } else {
      ledger_.violations().add(Violation::history, "it could not be read: " + checked.error().message);
    }
  }
  Report report;
  report.title = options_.title;
  report.scenario = to_string(options_.scenario);
  for (const Url& url : options_.urls) report.broker += (report.broker.empty() ? "" : " ") + url.text;
  report.protocol = protocol_text(options_);
  report.settings = describe(options_);
  report.connections = fleet_.size();
  report.expected_all = ledger_.expected();
  report.published_all = ledger_.published();
  report.reconnects = fleet_.reconnects();
  report.repeats_allowed = ledger_.repeats_allowed();
  report.history_checked = history_checked_;
  report.connect_s = connect_s_;
  report.recover_s = behaviour_->recover_s();
  report.connect = fleet_.connect_latency();
  meter_.write_to(report);
  report.rss_before = rss_before_;
  report.rss_idle = rss_idle_;
  report.rss_end = rss_end_;
  const Violations& violations = ledger_.violations();
  report.violations = violations.total();
  for (std::size_t i = 0; i < violation_kinds; ++i) {
    const auto kind = static_cast<Violation>(i);
    report.violation_counts.emplace_back(to_string(kind), violations.count(kind));
  }
  report.violation_texts = violations.described();
  return report;
}

}  // namespace parley::loadtest
