#pragma once

// Counts and latencies of a run, by second and for the measured part of it; the live line.

#include <vector>

#include "loadtest/report.h"

namespace parley::loadtest {

class Meter {
 public:
  explicit Meter(std::vector<int> server_pids) : pids_(std::move(server_pids)) {}

  void delivered(std::int64_t latency_ns) {
    ++second_delivered_;
    second_.record(latency_ns);
    if (measuring_) delivery_.record(latency_ns);
  }
  void acked(std::int64_t latency_ns) {
    if (measuring_) ack_.record(latency_ns);
  }

  // The measured part. `published`: how many were, in all.
  void begin(std::int64_t now, std::uint64_t published);
  void end(std::int64_t now, std::uint64_t published);
  bool measuring() const { return measuring_; }

  // About once a second. The sample just closed.
  const Sample& tick(std::int64_t now, std::uint64_t connections, std::uint64_t published);
  void write_to(Report& report) const;

 private:
  std::vector<int> pids_;
  bool measuring_ = false;
  std::int64_t began_ns_ = 0;
  std::int64_t second_began_ns_ = 0;
  std::uint64_t second_published_ = 0;  // in all, when the second began
  std::uint64_t second_delivered_ = 0;
  std::uint64_t published_before_ = 0;
  std::uint64_t published_ = 0;
  double second_cpu_s_ = 0;
  double cpu_before_s_ = 0;
  double own_cpu_before_s_ = 0;
  double cpu_s_ = 0;
  double own_cpu_s_ = 0;
  double seconds_ = 0;
  Histogram second_;
  Histogram delivery_;
  Histogram ack_;
  std::vector<Sample> samples_;
};

// "  12 s  1.2M deliveries/s  p99 3.2 ms …"
std::string live_line(const Sample& sample, std::uint64_t violations);

}  // namespace parley::loadtest
