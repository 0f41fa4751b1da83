#pragma once

// A hash table of numbers: it finds, by a hash, the index of something that is kept elsewhere (index_pool.h). 8 bytes a slot, at
// most three quarters of them full; probing is linear and erasing leaves no marks, so a table that has seen many come and go
// stays as fast.

#include <cstdint>
#include <vector>

namespace parley {

class IndexTable {
 public:
  // The index stored under that hash for which `is_it(index)` holds; 0 when there is none.
  template <typename IsIt>
  std::uint32_t find(std::uint64_t hash, IsIt is_it) const {
    if (slots_.empty()) return 0;
    const auto tag = static_cast<std::uint32_t>(hash);
    for (std::size_t at = tag & mask();; at = (at + 1) & mask()) {
      const Slot& slot = slots_[at];
      if (slot.index == 0) return 0;
      if (slot.tag == tag && is_it(slot.index)) return slot.index;
    }
  }
  // `index` is not 0 and not there yet.
  void insert(std::uint64_t hash, std::uint32_t index);
  // `index` is there under that hash.
  void erase(std::uint64_t hash, std::uint32_t index);

  std::size_t size() const { return size_; }
  // `f(index)` for each, in no particular order; `f` may not change the table.
  template <typename F>
  void for_each(F f) const {
    for (const Slot& slot : slots_) {
      if (slot.index != 0) f(slot.index);
    }
  }

 private:
  struct Slot {
    std::uint32_t tag = 0;
    std::uint32_t index = 0;  // 0: empty
  };
  std::size_t mask() const { return slots_.size() - 1; }
  void place(Slot slot);
  void rebuild(std::size_t slots);

  std::vector<Slot> slots_;  // a power of two
  std::size_t size_ = 0;
};

}  // namespace parley
