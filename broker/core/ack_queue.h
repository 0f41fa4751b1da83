#pragma once

// Answers in the order of the questions: an answer that comes early waits for those before it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace parley {

class AckQueue {
 public:
  using Ticket = std::uint64_t;
  Ticket open() {
    if (!state_) state_ = std::make_unique<State>();
    state_->waiting.emplace_back();
    return state_->base + state_->waiting.size() - 1;
  }
  // `answer` may be empty: then nothing is to be sent.
  void settle(Ticket ticket, std::string answer) { state_->waiting[ticket - state_->base] = std::move(answer); }
  // The next answer whose turn it is.
  std::optional<std::string> take() {
    if (!state_ || state_->first == state_->waiting.size() || !state_->waiting[state_->first]) return std::nullopt;
    std::optional<std::string> answer = std::move(state_->waiting[state_->first]);
    if (++state_->first == state_->waiting.size() || state_->first >= gap_max) clear_taken();
    return answer;
  }
  std::size_t size() const { return state_ ? state_->waiting.size() - state_->first : 0; }

 private:
  static constexpr std::size_t gap_max = 64;  // taken ones at the front, before the rest moves up

  void clear_taken() {
    State& state = *state_;
    state.base += state.first;
    state.waiting.erase(state.waiting.begin(), state.waiting.begin() + static_cast<std::ptrdiff_t>(state.first));
    state.first = 0;
  }

  // A vector: an empty std::deque alone would be 640 bytes, a third of what an idle connection may cost.
  struct State {
    Ticket base = 0;  // of waiting[0]
    std::size_t first = 0;
    std::vector<std::optional<std::string>> waiting;
  };
  std::unique_ptr<State> state_;  // null: nothing was ever asked, as with all who only listen
};
static_assert(sizeof(AckQueue) == sizeof(void*));

}  // namespace parley
