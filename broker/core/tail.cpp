#include "broker/core/tail.h"

#include <cassert>

namespace parley {

void Tail::reset(Seq head, const std::vector<EntryPtr>& entries) {
  entries_.assign(entries.begin(), entries.end());
  bytes_ = 0;
  for (const EntryPtr& entry : entries_) bytes_ += entry->footprint();
  head_ = head;
}

void Tail::push(const EntryPtr& entry) {
  assert(entry->seq == head_ + 1);
  if (entry->type == EntryType::edit || entry->type == EntryType::remove) replace(*entry);
  entries_.push_back(entry);
  bytes_ += entry->footprint();
  head_ = entry->seq;
  while (entries_.size() > entries_max_ || (bytes_ > bytes_max_ && entries_.size() > 1)) pop_front();
}

void Tail::drop_below(Seq floor) {
  while (!entries_.empty() && first() < floor) pop_front();
  if (head_ + 1 < floor) head_ = floor - 1;  // overtaken: what lay between is gone
}

void Tail::pop_front() {
  bytes_ -= entries_.front()->footprint();
  entries_.pop_front();
}

void Tail::replace(const Entry& change) {
  if (change.target > head_) return;
  // Deleted means gone: the bodies of earlier edits of that message go as well.
  const bool removal = change.type == EntryType::remove;
  for (EntryPtr& entry : entries_) {
    const bool is_target = entry->seq == change.target;
    if (!is_target && !(removal && entry->type == EntryType::edit && entry->target == change.target)) continue;
    bytes_ -= entry->footprint();
    entry = changed_by(*entry, change);
    bytes_ += entry->footprint();
  }
}

EntryPtr changed_by(const Entry& entry, const Entry& change) {
  auto changed = std::make_shared<Entry>(entry);
  if (change.type == EntryType::remove) {
    changed->deleted = true;
    changed->payload = Payload::json_object;
    changed->body.clear();
    changed->content_type.clear();
    changed->properties.clear();
  } else if (!entry.deleted) {
    changed->edited = true;
    changed->payload = change.payload;
    changed->body = change.body;
    changed->content_type = change.content_type;
  }
  return changed;
}

}  // namespace parley
