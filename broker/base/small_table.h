#pragma once

// Hash tables of which there is one per connection, mostly with one or two elements: a std::unordered_map allocates 13 buckets
// for its first element. Started small it has none until its thirteenth; its elements are then one short list.

#include <cstddef>

namespace parley {

constexpr std::size_t small_table_max = 12;  // the standard library asks for buckets for 11 elements at once

// Of an empty table.
template <typename Table>
void start_small(Table& table) {
  table.max_load_factor(static_cast<float>(small_table_max));
}

// Before an element is added: what has outgrown the list becomes a common hash table.
template <typename Table>
void before_insert(Table& table) {
  if (table.size() == small_table_max) table.max_load_factor(1.0F);
}

}  // namespace parley
