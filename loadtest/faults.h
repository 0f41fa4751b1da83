#pragma once

// Processes that are killed or stopped for a while, at fixed times of the measurement.

#include <string>
#include <vector>

#include "loadtest/options.h"

namespace parley::loadtest {

class Faults {
 public:
  explicit Faults(std::vector<Fault> faults) : faults_(std::move(faults)) {}
  ~Faults();  // whoever is stopped goes on
  Faults(const Faults&) = delete;
  Faults& operator=(const Faults&) = delete;

  // Does what is due that many seconds after the measurement began; says what it did, empty for nothing.
  std::string tick(double at_s);
  bool pending() const;

 private:
  struct State {
    bool done = false;
    bool stopped = false;
  };
  std::vector<Fault> faults_;
  std::vector<State> states_ = std::vector<State>(faults_.size());
};

}  // namespace parley::loadtest
