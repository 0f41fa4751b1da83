#pragma once

// Objects with small numbers instead of addresses: 4 bytes to refer to one. They lie in blocks, so none ever moves and growing
// copies nothing.

#include <cstdint>
#include <memory>
#include <vector>

namespace parley {

template <typename T>
class IndexPool {
 public:
  // Of an object made anew; never 0. The number of one that was erased comes back.
  std::uint32_t add() {
    if (!free_.empty()) {
      const std::uint32_t index = free_.back();
      free_.pop_back();
      return index;
    }
    if (next_ % block == 0) blocks_.push_back(std::make_unique<T[]>(block));
    return ++next_;
  }
  void erase(std::uint32_t index) {
    (*this)[index] = T();
    free_.push_back(index);
  }
  T& operator[](std::uint32_t index) { return blocks_[(index - 1) / block][(index - 1) % block]; }
  const T& operator[](std::uint32_t index) const { return blocks_[(index - 1) / block][(index - 1) % block]; }
  std::size_t size() const { return next_ - free_.size(); }

 private:
  static constexpr std::uint32_t block = 256;
  std::vector<std::unique_ptr<T[]>> blocks_;
  std::vector<std::uint32_t> free_;
  std::uint32_t next_ = 0;
};

}  // namespace parley
