#pragma once

// The subscribers of one filter, each once. One is kept in place, a few in an array, many in a hash table: adding, replacing and
// erasing cost the same with a hundred thousand of them.

#include <cstdint>

#include "broker/base/slot_map.h"

namespace parley {

// Who wants what matches. The tree knows nothing of what it means: the id is a session's or a share group's, the data whatever
// its owner packs into it (granted QoS, options, a subscription identifier's place).
struct FilterOwner {
  SlotId id = 0;  // not 0
  std::uint32_t data = 0;
  friend bool operator==(const FilterOwner&, const FilterOwner&) = default;
};

class SubscriberSet {
 public:
  SubscriberSet() : one_() {}
  SubscriberSet(SubscriberSet&& other) noexcept : SubscriberSet() { swap(other); }
  SubscriberSet& operator=(SubscriberSet&& other) noexcept {
    swap(other);
    return *this;
  }
  ~SubscriberSet() { clear(); }

  // False when the id was there: its data is replaced.
  bool set(FilterOwner subscriber);
  // False when it was not there.
  bool erase(SlotId id);

  // `f(const FilterOwner&)` for each, in no particular order. `f` may not change the set.
  template <typename F>
  void for_each(F f) const {
    const FilterOwner* const slots = slots_begin();
    for (std::uint32_t i = 0; i < capacity_; ++i) {
      if (slots[i].id != 0) f(slots[i]);
    }
  }
  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }

 private:
  static constexpr std::uint32_t array_max = 8;  // above: a hash table, whose empty slots have id 0
  bool hashed() const { return capacity_ > array_max; }
  FilterOwner* slots_begin() { return capacity_ == 1 ? &one_ : many_; }
  const FilterOwner* slots_begin() const { return capacity_ == 1 ? &one_ : many_; }
  std::uint32_t home(SlotId id) const;
  // The slot of the id, or an empty one where it belongs; null when an array is full.
  FilterOwner* find_slot(SlotId id);
  void rebuild(std::uint32_t capacity);
  void close_hole(FilterOwner* hole);
  void clear();
  void swap(SubscriberSet& other) noexcept;

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = 1;  // a power of two
  union {
    FilterOwner one_;    // capacity_ is 1
    FilterOwner* many_;  // of capacity_
  };
};
static_assert(sizeof(SubscriberSet) == 24);

}  // namespace parley
