#include "broker/core/index_table.h"

#include <cassert>
#include <utility>

namespace parley {

namespace {
constexpr std::size_t slots_min = 16;
}

void IndexTable::place(Slot slot) {
  std::size_t at = slot.tag & mask();
  while (slots_[at].index != 0) at = (at + 1) & mask();
  slots_[at] = slot;
}

void IndexTable::rebuild(std::size_t slots) {
  const std::vector<Slot> old = std::exchange(slots_, std::vector<Slot>(slots));
  for (const Slot& slot : old) {
    if (slot.index != 0) place(slot);
  }
}

void IndexTable::insert(std::uint64_t hash, std::uint32_t index) {
  if ((size_ + 1) * 4 > slots_.size() * 3) rebuild(slots_.empty() ? slots_min : slots_.size() * 2);
  place({static_cast<std::uint32_t>(hash), index});
  ++size_;
}

void IndexTable::erase(std::uint64_t hash, std::uint32_t index) {
  std::size_t hole = static_cast<std::uint32_t>(hash) & mask();
  while (slots_[hole].index != index) {
    assert(slots_[hole].index != 0);
    hole = (hole + 1) & mask();
  }
  // What follows without a gap moves up where its own place is not behind the hole.
  for (std::size_t at = (hole + 1) & mask(); slots_[at].index != 0; at = (at + 1) & mask()) {
    const std::size_t home = slots_[at].tag & mask();
    if (((at - home) & mask()) >= ((at - hole) & mask())) {
      slots_[hole] = slots_[at];
      hole = at;
    }
  }
  slots_[hole] = {};
  --size_;
  if (slots_.size() > slots_min && size_ * 8 < slots_.size()) rebuild(slots_.size() / 2);
}

}  // namespace parley
