#pragma once

// Answers in the order of the questions: an answer that comes early waits for those before it.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley {

class AckQueue {
 public:
  using Ticket = std::uint64_t;
  Ticket open() {
    waiting_.emplace_back();
    return base_ + waiting_.size() - 1;
  }
  // `answer` may be empty: then nothing is to be sent.
  void settle(Ticket ticket, std::string answer) { waiting_[ticket - base_] = std::move(answer); }
  // The next answer whose turn it is.
  std::optional<std::string> take() {
    if (first_ == waiting_.size() || !waiting_[first_]) return std::nullopt;
    std::optional<std::string> answer = std::move(waiting_[first_]);
    if (++first_ == waiting_.size()) clear_taken();
    if (first_ >= gap_max) clear_taken();
    return answer;
  }
  std::size_t size() const { return waiting_.size() - first_; }

 private:
  static constexpr std::size_t gap_max = 64;  // taken ones at the front, before the rest moves up

  void clear_taken() {
    base_ += first_;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  // A vector: an empty std::deque alone would be 640 bytes, a third of what an idle connection may cost.
  Ticket base_ = 0;  // of waiting_[0]
  std::size_t first_ = 0;
  std::vector<std::optional<std::string>> waiting_;
};
static_assert(sizeof(AckQueue) <= 40);

}  // namespace parley
