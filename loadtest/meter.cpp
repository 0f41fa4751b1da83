#include "loadtest/meter.h"

#include "loadtest/processes.h"

namespace parley::loadtest {

void Meter::begin(std::int64_t now, std::uint64_t published) {
  measuring_ = true;
  began_ns_ = now;
  published_before_ = published;
  cpu_before_s_ = use_of(pids_).cpu_s;
  own_cpu_before_s_ = parley::loadtest::own_cpu_s();
}

void Meter::end(std::int64_t now, std::uint64_t published) {
  if (!measuring_) return;
  measuring_ = false;
  seconds_ = static_cast<double>(now - began_ns_) / 1e9;
  published_ = published - published_before_;
  cpu_s_ = use_of(pids_).cpu_s - cpu_before_s_;
  own_cpu_s_ = parley::loadtest::own_cpu_s() - own_cpu_before_s_;
}

const Sample& Meter::tick(std::int64_t now, std::uint64_t connections, std::uint64_t published) {
  const ProcessUse use = use_of(pids_);
  Sample sample;
  sample.seconds = second_began_ns_ == 0 ? 1 : static_cast<double>(now - second_began_ns_) / 1e9;
  sample.at_s = began_ns_ == 0 ? static_cast<double>(samples_.size()) - 1e6 : static_cast<double>(now - began_ns_) / 1e9;
  sample.published = published - second_published_;
  sample.delivered = second_delivered_;
  sample.connections = connections;
  sample.p50_ns = second_.percentile(0.5);
  sample.p99_ns = second_.percentile(0.99);
  sample.max_ns = second_.max();
  sample.server_cpu = second_began_ns_ == 0 || use.cpu_s < second_cpu_s_ ? 0 : (use.cpu_s - second_cpu_s_) / sample.seconds;
  sample.server_rss = use.rss;
  second_published_ = published;
  second_delivered_ = 0;
  second_.clear();
  second_began_ns_ = now;
  second_cpu_s_ = use.cpu_s;
  samples_.push_back(sample);
  return samples_.back();
}

void Meter::write_to(Report& report) const {
  report.seconds = seconds_;
  report.published = published_;
  report.delivered = delivery_.count();
  report.acked = ack_.count();
  report.delivery = delivery_;
  report.ack = ack_;
  report.server_known = !pids_.empty();
  report.server_cpu_s = cpu_s_;
  report.generator_cpu_s = own_cpu_s_;
  // Seconds before the measurement are left out of the plots.
  for (const Sample& sample : samples_) {
    if (sample.at_s > 0) report.samples.push_back(sample);
  }
}

std::string live_line(const Sample& sample, std::uint64_t violations) {
  const double deliveries = static_cast<double>(sample.delivered) / sample.seconds;
  std::string text = sample.at_s < 0 ? "warm-up" : fixed(sample.at_s, 0) + " s";
  text += "  " + std::to_string(sample.connections) + " connected  " +
          count_text(static_cast<double>(sample.published) / sample.seconds) + " published/s  " + count_text(deliveries) +
          " deliveries/s";
  if (sample.delivered != 0) text += "  p50 " + duration_text(sample.p50_ns) + "  p99 " + duration_text(sample.p99_ns);
  if (sample.server_rss != 0) {
    text +=
        "  server " + fixed(sample.server_cpu * 100, 0) + " % " + fixed(static_cast<double>(sample.server_rss) / 1e6, 0) + " MB";
  }
  if (violations != 0) text += "  VIOLATIONS " + std::to_string(violations);
  return text;
}

}  // namespace parley::loadtest
