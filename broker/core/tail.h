#pragma once

// The newest entries of a room in memory: contiguous, ending at the head, bounded by count and bytes.

#include <deque>
#include <vector>

#include "broker/protocol/entry.h"

namespace parley {

class Tail {
 public:
  Tail(std::size_t entries_max, std::size_t bytes_max) : entries_max_(entries_max), bytes_max_(bytes_max) {}

  // Starts again with entries that end at `head` (none: only the head is known).
  void reset(Seq head, const std::vector<EntryPtr>& entries);
  // The next entry (seq == head() + 1, assert). An edit or a deletion changes its target here first, so that nobody is served the
  // old body.
  void push(const EntryPtr& entry);
  // A floor beyond the head moves the head: the entries between were never here.
  void drop_below(Seq floor);

  Seq head() const { return head_; }
  // The oldest one here; head() + 1 when there is none.
  Seq first() const { return head_ + 1 - entries_.size(); }
  const EntryPtr& at(Seq seq) const { return entries_[seq - first()]; }
  std::size_t size() const { return entries_.size(); }
  std::size_t bytes() const { return bytes_; }
  std::vector<EntryPtr> copy() const { return {entries_.begin(), entries_.end()}; }

 private:
  void replace(const Entry& change);
  void pop_front();

  std::size_t entries_max_;
  std::size_t bytes_max_;
  std::size_t bytes_ = 0;
  Seq head_ = 0;
  std::deque<EntryPtr> entries_;
};

// The entry as it is after an edit or a deletion of it, or of the message that it edited.
EntryPtr changed_by(const Entry& entry, const Entry& change);

}  // namespace parley
