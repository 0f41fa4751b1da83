#include "broker/core/mqtt/plain_runs.h"

#include <algorithm>

#include "broker/core/room.h"

namespace parley::mqtt {

namespace {
// A larger run is not kept behind its last receiver.
constexpr std::size_t kept_bytes_max = std::size_t{1} << 20U;
}  // namespace

const EntryPtr& EntryRange::operator[](std::size_t at) const {
  return page_ != nullptr ? page_[at] : room_->tail().at(first_ + at);
}

const PlainRun& PlainRuns::get(const EntryRange& entries, const std::string& room, Version version, MessageCache& messages) {
  Kept& kept = kept_[version == Version::v5 ? 1 : 0];
  // By the entries themselves: one that was edited or deleted meanwhile is another one.
  bool same = kept.entries.size() == entries.size();
  for (std::size_t i = 0; same && i < entries.size(); ++i) same = kept.entries[i] == entries[i];
  if (same) return kept.run;
  kept.run = make(entries, room, version, messages);
  kept.entries.clear();
  if (kept.run.frame.size() > kept_bytes_max) return kept.run;
  for (std::size_t i = 0; i < entries.size(); ++i) kept.entries.push_back(entries[i]);
  return kept.run;
}

PlainRun PlainRuns::make(const EntryRange& entries, const std::string& room, Version version, MessageCache& messages) {
  PlainRun run;
  run.same_for_all = true;
  std::string joined;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const EntryPtr& entry = entries[i];
    if (entry->deleted || entry->type != EntryType::message) continue;
    Message& message = messages.get(entry, room);
    if (message.expires()) return PlainRun();
    run.acknowledged = run.acknowledged || message.qos() != QoS::at_most_once;
    const Frame& packet = message.plain(version);
    ++run.packets;
    run.packet_bytes = std::max(run.packet_bytes, packet.size());
    if (entries.size() == 1) {
      run.frame = packet;
    } else {
      joined += packet.bytes();
    }
  }
  if (!joined.empty()) run.frame = Frame::copy_of(joined);
  return run;
}

}  // namespace parley::mqtt
