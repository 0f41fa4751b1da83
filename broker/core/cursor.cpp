#include "broker/core/cursor.h"

#include <algorithm>

namespace parley {

void Cursor::note_sent(Seq last, std::size_t bytes) {
  sent = last;
  under_way.push_back({last, bytes});
  bytes_under_way += bytes;
}

void Cursor::note_acked(Seq seq) {
  if (seq <= acked) return;
  acked = seq;
  const auto done = std::find_if(under_way.begin(), under_way.end(), [seq](const Sent& run) { return run.last > seq; });
  for (auto run = under_way.begin(); run != done; ++run) bytes_under_way -= run->bytes;
  under_way.erase(under_way.begin(), done);
}

}  // namespace parley
