#pragma once

// A map that costs a pointer while it is empty, for objects of which there is one per connection.

#include <cstddef>
#include <memory>
#include <unordered_map>

namespace parley {

// `Map` is a std::unordered_map; the functions are its.
template <typename Map>
class LazyMap {
 public:
  using iterator = typename Map::iterator;
  using key_type = typename Map::key_type;

  // Value-initialized iterators are equal to each other.
  iterator begin() const { return map_ ? map_->begin() : iterator{}; }
  iterator end() const { return map_ ? map_->end() : iterator{}; }
  bool empty() const { return !map_; }
  std::size_t size() const { return map_ ? map_->size() : 0; }
  iterator find(const key_type& key) const { return map_ ? map_->find(key) : iterator{}; }

  typename Map::mapped_type& operator[](const key_type& key) {
    if (!map_) map_ = std::make_unique<Map>();
    return (*map_)[key];
  }
  void erase(const key_type& key) {
    if (map_ && map_->erase(key) != 0 && map_->empty()) map_.reset();
  }
  // `f(value_type&)` says which ones go.
  template <typename F>
  void erase_if(F f) {
    if (!map_) return;
    std::erase_if(*map_, f);
    if (map_->empty()) map_.reset();
  }

 private:
  std::unique_ptr<Map> map_;  // null: empty
};

}  // namespace parley
