#include "broker/core/subscriber_set.h"

#include <cassert>
#include <cstring>
#include <utility>

#include "broker/core/siphash.h"

namespace parley {

// The ids are the broker's own: no key is needed.
std::uint32_t SubscriberSet::home(SlotId id) const { return static_cast<std::uint32_t>(mix64(id)) & (capacity_ - 1); }

FilterOwner* SubscriberSet::find_slot(SlotId id) {
  FilterOwner* const slots = slots_begin();
  if (hashed()) {
    std::uint32_t at = home(id);
    while (slots[at].id != 0 && slots[at].id != id) at = (at + 1) & (capacity_ - 1);
    return &slots[at];
  }
  for (std::uint32_t i = 0; i < size_; ++i) {
    if (slots[i].id == id) return &slots[i];
  }
  return size_ < capacity_ ? &slots[size_] : nullptr;
}

bool SubscriberSet::set(FilterOwner subscriber) {
  FilterOwner* slot = find_slot(subscriber.id);
  const bool is_new = slot == nullptr || slot->id != subscriber.id;
  const bool full = slot == nullptr || (hashed() && (size_ + 1) * 4ULL > capacity_ * 3ULL);
  if (is_new && full) {
    rebuild(capacity_ * 2);
    slot = find_slot(subscriber.id);
  }
  assert(slot != nullptr);
  *slot = subscriber;
  if (is_new) ++size_;
  return is_new;
}

bool SubscriberSet::erase(SlotId id) {
  FilterOwner* const slot = find_slot(id);
  if (slot == nullptr || slot->id != id) return false;
  --size_;
  if (hashed()) {
    close_hole(slot);
  } else {
    FilterOwner& last = slots_begin()[size_];
    *slot = last;
    last = {};
  }
  // Halved when an eighth is left (an array: a quarter), so that one that comes and goes at a boundary does not rebuild each
  // time.
  if (capacity_ > 1 && size_ <= capacity_ / (hashed() ? 8 : 4)) rebuild(capacity_ / 2);
  return true;
}

void SubscriberSet::close_hole(FilterOwner* hole) {
  const std::uint32_t mask = capacity_ - 1;
  auto empty = static_cast<std::uint32_t>(hole - many_);
  for (std::uint32_t at = (empty + 1) & mask; many_[at].id != 0; at = (at + 1) & mask) {
    if (((at - home(many_[at].id)) & mask) >= ((at - empty) & mask)) {
      many_[empty] = many_[at];
      empty = at;
    }
  }
  many_[empty] = {};
}

void SubscriberSet::rebuild(std::uint32_t capacity) {
  SubscriberSet bigger;
  bigger.capacity_ = capacity;
  if (capacity > 1) bigger.many_ = new FilterOwner[capacity];
  for_each([&](const FilterOwner& subscriber) {
    *bigger.find_slot(subscriber.id) = subscriber;
    ++bigger.size_;
  });
  swap(bigger);
}

void SubscriberSet::clear() {
  if (capacity_ > 1) delete[] many_;
  size_ = 0;
  capacity_ = 1;
  one_ = {};
}

void SubscriberSet::swap(SubscriberSet& other) noexcept {
  std::swap(size_, other.size_);
  std::swap(capacity_, other.capacity_);
  // Whichever member it is: both are plain bytes, and `one_` covers the other.
  unsigned char mine[sizeof one_];
  std::memcpy(mine, static_cast<const void*>(&one_), sizeof one_);
  std::memcpy(static_cast<void*>(&one_), static_cast<const void*>(&other.one_), sizeof one_);
  std::memcpy(static_cast<void*>(&other.one_), mine, sizeof one_);
}

}  // namespace parley
