#pragma once

// A text that never changes and that several objects keep, also of different threads: 8 bytes for each of them, and one
// allocation of 6 bytes and the text for all. A client identifier is with its session, its worker's connection and the registry.

#include <atomic>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <new>
#include <string>
#include <string_view>
#include <utility>

namespace parley {

class SharedText {
 public:
  static constexpr std::size_t bytes_max = 0xffff;

  SharedText() = default;  // empty
  // At most bytes_max bytes.
  explicit SharedText(std::string_view text) {
    if (text.empty()) return;
    assert(text.size() <= bytes_max);
    const auto size = static_cast<std::uint16_t>(text.size());
    block_ = static_cast<char*>(::operator new(text_at + text.size()));
    new (block_) Count(1);
    std::memcpy(block_ + sizeof(Count), &size, sizeof size);
    std::memcpy(block_ + text_at, text.data(), size);
  }
  SharedText(const SharedText& other) : block_(other.block_) {
    if (block_ != nullptr) count().fetch_add(1, std::memory_order_relaxed);
  }
  SharedText(SharedText&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedText& operator=(SharedText other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedText() {
    if (block_ != nullptr && count().fetch_sub(1, std::memory_order_acq_rel) == 1) ::operator delete(block_);
  }

  std::string_view view() const {
    if (block_ == nullptr) return {};
    std::uint16_t size = 0;
    std::memcpy(&size, block_ + sizeof(Count), sizeof size);
    return {block_ + text_at, size};
  }
  std::string str() const { return std::string(view()); }
  bool empty() const { return block_ == nullptr; }
  friend bool operator==(const SharedText& a, std::string_view b) { return a.view() == b; }

 private:
  using Count = std::atomic<std::uint32_t>;
  static constexpr std::size_t text_at = sizeof(Count) + sizeof(std::uint16_t);
  Count& count() const { return *std::launder(reinterpret_cast<Count*>(block_)); }

  char* block_ = nullptr;  // count, size, text
};
static_assert(sizeof(SharedText) == sizeof(void*));

}  // namespace parley
