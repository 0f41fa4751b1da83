#pragma once

// One log line when storage begins to fail and one when it is well again, however many calls fail in between.

#include <string>

#include "broker/base/log.h"
#include "broker/base/result.h"

namespace parley::sqlite {

// Threads: one.
class Trouble {
 public:
  explicit Trouble(std::string what) : what_(std::move(what)) {}

  void failed(const Error& error) {
    if (++count_ == 1 || error.message != last_) log::error(what_, {{"error", error.message}});
    last_ = error.message;
  }
  void succeeded() {
    if (count_ > 0) log::info(what_ + ": well again", {{"failures", count_}});
    count_ = 0;
    last_.clear();
  }

 private:
  std::string what_;
  std::string last_;
  std::uint64_t count_ = 0;
};

}  // namespace parley::sqlite
