#include "loadtest/violations.h"

#include <numeric>

namespace parley::loadtest {

std::string_view to_string(Violation kind) {
  static constexpr std::array<std::string_view, violation_kinds> names = {
      "lost", "duplicate", "order", "wrong_room", "content", "sequence", "ack", "history", "refused", "protocol"};
  return names[static_cast<std::size_t>(kind)];
}

void Violations::add(Violation kind, std::string text, std::uint64_t count) {
  const auto index = static_cast<std::size_t>(kind);
  counts_[index] += count;
  if (told_[index]++ < described_per_kind) described_.push_back(std::string(to_string(kind)) + ": " + std::move(text));
}

std::uint64_t Violations::total() const { return std::accumulate(counts_.begin(), counts_.end(), std::uint64_t{0}); }

}  // namespace parley::loadtest
