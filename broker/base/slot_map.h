#pragma once

// Objects with ids that never come back: what crosses a turn, a thread or a library carries an id, and finds nothing when its
// object is gone.

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace parley {

// 32 bits of slot, 32 of generation; 0 is no id.
using SlotId = std::uint64_t;

// `Holder` is std::unique_ptr<T>, or T* for objects that live elsewhere.
template <typename T, typename Holder = std::unique_ptr<T>>
class SlotMap {
 public:
  // The object stays where it is until it is taken out.
  SlotId add(Holder object) {
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.emplace_back();
    } else {
      slot = free_.back();
      free_.pop_back();
    }
    slots_[slot].object = std::move(object);
    ++size_;
    return (static_cast<SlotId>(slots_[slot].generation) << 32U) | slot;
  }

  T* find(SlotId id) const {
    const auto slot = static_cast<std::uint32_t>(id);
    if (slot >= slots_.size() || slots_[slot].generation != static_cast<std::uint32_t>(id >> 32U)) return nullptr;
    return std::to_address(slots_[slot].object);
  }

  // Takes the object out; null when it is gone already.
  Holder take(SlotId id) {
    if (find(id) == nullptr) return nullptr;
    const auto slot = static_cast<std::uint32_t>(id);
    Holder object = std::exchange(slots_[slot].object, nullptr);
    if (++slots_[slot].generation == 0) slots_[slot].generation = 1;
    free_.push_back(slot);
    --size_;
    return object;
  }

  // Calls `f(id, object)` for each; `f` may take out objects, also others.
  template <typename F>
  void for_each(F f) const {
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
      if (T* object = std::to_address(slots_[slot].object))
        f((static_cast<SlotId>(slots_[slot].generation) << 32U) | slot, *object);
    }
  }

  std::size_t size() const { return size_; }

 private:
  struct Slot {
    Holder object = nullptr;
    std::uint32_t generation = 1;
  };
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::size_t size_ = 0;
};

}  // namespace parley
