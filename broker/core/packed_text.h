#pragma once

// A text that never changes, in 8 bytes and, from 8 characters on, one allocation of its size. For tables with a million of them,
// where a std::string would be four times as large.

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace parley {

class PackedText {
 public:
  PackedText() = default;
  // At most 65,535 bytes.
  explicit PackedText(std::string_view text) : word_(pack(text)) {
    if (word_ != 0) return;
    auto* const block = static_cast<char*>(::operator new(sizeof(std::uint16_t) + text.size()));
    const auto size = static_cast<std::uint16_t>(text.size());
    std::memcpy(block, &size, sizeof size);
    std::memcpy(block + sizeof size, text.data(), text.size());
    word_ = std::bit_cast<std::uintptr_t>(block);  // even: memory from operator new is aligned
  }
  PackedText(PackedText&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  PackedText& operator=(PackedText&& other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~PackedText() {
    if (!is_inline()) ::operator delete(block());
  }

  bool operator==(std::string_view text) const {
    if (is_inline()) return word_ == 0 ? text.empty() : word_ == pack(text);
    std::uint16_t size = 0;
    std::memcpy(&size, block(), sizeof size);
    return text.size() == size && std::memcmp(block() + sizeof size, text.data(), size) == 0;
  }

 private:
  static_assert(sizeof(void*) == sizeof(std::uint64_t));

  // Up to seven bytes in the upper part, length and a set lowest bit below; 0 for a text that is longer.
  static std::uint64_t pack(std::string_view text) {
    if (text.size() > 7) return 0;
    std::uint64_t word = 0;
    for (const char c : text) word = word << 8U | static_cast<unsigned char>(c);
    return word << 8U | text.size() << 1U | 1U;
  }
  bool is_inline() const { return (word_ & 1U) != 0 || word_ == 0; }
  char* block() const { return std::bit_cast<char*>(static_cast<std::uintptr_t>(word_)); }

  std::uint64_t word_ = 0;  // 0: default-made, equal to the empty text
};

}  // namespace parley
