#pragma once

// Entries of one room that came before their time: other replicas' commits arrive in any order, and one's own commit may get a
// number that lies beyond what has arrived. Bounded; what it does not take is read from storage later.

#include <map>
#include <vector>

#include "broker/protocol/entry.h"

namespace parley {

class Reorder {
 public:
  Reorder(std::size_t entries_max, std::size_t bytes_max) : entries_max_(entries_max), bytes_max_(bytes_max) {}

  // False: not taken, the buffer is full. One that is here already, or not beyond `head`, is taken and forgotten.
  bool add(const EntryPtr& entry, Seq head) {
    if (entry->seq <= head || waiting_.contains(entry->seq)) return true;
    // The next one is always taken: it leaves again at once.
    const bool full = waiting_.size() >= entries_max_ || bytes_ >= bytes_max_;
    if (full && entry->seq != head + 1) return false;
    waiting_.emplace(entry->seq, entry);
    bytes_ += entry->footprint();
    return true;
  }

  // Takes out the entry after `head`; null when it is not here. What is not beyond head goes too.
  EntryPtr take(Seq head) {
    while (!waiting_.empty() && waiting_.begin()->first <= head) pop();
    if (waiting_.empty() || waiting_.begin()->first != head + 1) return nullptr;
    EntryPtr next = waiting_.begin()->second;
    pop();
    return next;
  }

  bool empty() const { return waiting_.empty(); }
  std::size_t size() const { return waiting_.size(); }
  void clear() {
    waiting_.clear();
    bytes_ = 0;
  }

 private:
  void pop() {
    bytes_ -= waiting_.begin()->second->footprint();
    waiting_.erase(waiting_.begin());
  }

  std::size_t entries_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  std::map<Seq, EntryPtr> waiting_;
};

}  // namespace parley
