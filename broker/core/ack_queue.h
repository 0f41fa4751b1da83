#pragma once

// Answers in the order of the questions: an answer that comes early waits for those before it.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

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
    if (waiting_.empty() || !waiting_.front()) return std::nullopt;
    std::optional<std::string> answer = std::move(waiting_.front());
    waiting_.pop_front();
    ++base_;
    return answer;
  }
  std::size_t size() const { return waiting_.size(); }

 private:
  Ticket base_ = 0;
  std::deque<std::optional<std::string>> waiting_;
};

}  // namespace parley
