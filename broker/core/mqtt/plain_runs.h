#pragma once

// Runs of messages as most receivers get them: QoS 0, and nothing in the packets of one receiver's own. Joined once, written to
// many.
//
// Threads: the worker's.

#include <array>
#include <string>
#include <vector>

#include "broker/core/cursor.h"
#include "broker/core/mqtt/message.h"

namespace parley::mqtt {

// Entries on their way to a session, wherever they lie: in the room's tail, or one after the other.
class EntryRange {
 public:
  explicit EntryRange(const std::vector<EntryPtr>& entries) : page_(entries.data()), size_(entries.size()) {}
  explicit EntryRange(const Delivery& delivery)
      : room_(delivery.room),
        first_(delivery.first),
        page_(delivery.page),
        size_(static_cast<std::size_t>(delivery.last - delivery.first + 1)) {}

  std::size_t size() const { return size_; }
  const EntryPtr& operator[](std::size_t at) const;

 private:
  const Room* room_ = nullptr;
  Seq first_ = 0;
  const EntryPtr* page_;  // null: in the room's tail
  std::size_t size_;
};

struct PlainRun {
  bool same_for_all = false;     // false: a message needs a look for each receiver (it expires)
  bool acknowledged = false;     // one was published with a QoS above 0: this is not for who subscribed to that
  unsigned packets = 0;          // of those that are sent; an edit or a deletion is not
  std::size_t packet_bytes = 0;  // of the largest
  Frame frame;                   // null when there is none
};

class PlainRuns {
 public:
  // Valid until the next call. The last run of each version is kept, since the next session is mostly owed the same.
  const PlainRun& get(const EntryRange& entries, const std::string& room, Version version, MessageCache& messages);

 private:
  struct Kept {
    std::vector<EntryPtr> entries;
    PlainRun run;
  };
  static PlainRun make(const EntryRange& entries, const std::string& room, Version version, MessageCache& messages);
  std::array<Kept, 2> kept_;
};

}  // namespace parley::mqtt
