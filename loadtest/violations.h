#pragma once

// What a broker did that it must not: counted by kind, the first ones described.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace parley::loadtest {

enum class Violation : unsigned char {
  lost,        // never came, though nothing explains it
  duplicate,   // came again
  order,       // came behind a later one of the same publisher
  wrong_room,  // came where it was not published, or to whom did not subscribe
  content,     // bytes that nobody published
  sequence,    // a room's numbers have a hole, or name different messages to different people
  ack,         // acknowledged twice, out of order or with another message's number
  history,     // acknowledged, and not in the history, or another one there
  refused,     // a publish was refused for good
  protocol,    // the wire protocol was broken
};
constexpr std::size_t violation_kinds = 10;
std::string_view to_string(Violation kind);

class Violations {
 public:
  void add(Violation kind, std::string text, std::uint64_t count = 1);
  std::uint64_t count(Violation kind) const { return counts_[static_cast<std::size_t>(kind)]; }
  std::uint64_t total() const;
  // The first ones of each kind.
  const std::vector<std::string>& described() const { return described_; }

 private:
  static constexpr unsigned described_per_kind = 5;
  std::array<std::uint64_t, violation_kinds> counts_{};
  std::array<unsigned, violation_kinds> told_{};
  std::vector<std::string> described_;
};

}  // namespace parley::loadtest
