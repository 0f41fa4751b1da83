#pragma once

// A first-in first-out list that is mostly empty: a pointer, and no memory until something waits. (An empty std::deque takes 80
// bytes and another 580 from the heap.)

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

namespace parley {

template <typename T>
class Queue {
 public:
  bool empty() const { return items_ == nullptr; }
  std::size_t size() const { return items_ == nullptr ? 0 : items_->size(); }
  // Of a queue that is not empty.
  T& front() { return items_->front(); }
  const T& front() const { return items_->front(); }
  T& back() { return items_->back(); }
  T& operator[](std::size_t at) { return (*items_)[at]; }
  template <typename Predicate>
  std::size_t count_if(Predicate predicate) const {
    if (items_ == nullptr) return 0;
    return static_cast<std::size_t>(std::count_if(items_->begin(), items_->end(), predicate));
  }

  bool contains(const T& item) const {
    return items_ != nullptr && std::find(items_->begin(), items_->end(), item) != items_->end();
  }
  // A copy, in order.
  std::vector<T> items() const { return items_ == nullptr ? std::vector<T>() : std::vector<T>(items_->begin(), items_->end()); }

  void push_back(T item) { emplace_back(std::move(item)); }
  template <typename... Args>
  void emplace_back(Args&&... args) {
    if (items_ == nullptr) items_ = std::make_unique<std::deque<T>>();
    items_->emplace_back(std::forward<Args>(args)...);
  }
  void pop_front() {
    items_->pop_front();
    if (items_->empty()) items_.reset();
  }
  void clear() { items_.reset(); }
  // How many went.
  template <typename Predicate>
  std::size_t erase_if(Predicate predicate) {
    if (items_ == nullptr) return 0;
    const auto gone = static_cast<std::size_t>(std::erase_if(*items_, predicate));
    if (items_->empty()) items_.reset();
    return gone;
  }

 private:
  std::unique_ptr<std::deque<T>> items_;
};

}  // namespace parley
