#include "broker/server/outbox.h"

#include <utility>

namespace parley::server {

namespace {
// A vector that a burst has made longer gives its memory back.
constexpr std::size_t kept_frames = 64;
}  // namespace

void Outbox::add(Owner& owner, Place& place, Frame frame) {
  if (place.index == Place::none) {
    place.index = collecting_.used++;
    if (place.index == collecting_.entries.size()) collecting_.entries.emplace_back();
    Entry& fresh = collecting_.entries[place.index];
    fresh.owner = &owner;
    fresh.place = &place;
  }
  Entry& entry = collecting_.entries[place.index];
  entry.bytes += frame.size();
  entry.frames.push_back(std::move(frame));
}

std::size_t Outbox::waiting_bytes(const Place& place) const {
  return place.index == Place::none ? 0 : collecting_.entries[place.index].bytes;
}

void Outbox::forget(Place& place) {
  if (place.index == Place::none) return;
  Entry& entry = collecting_.entries[place.index];
  entry.owner = nullptr;
  entry.frames.clear();
  entry.bytes = 0;
  place.index = Place::none;
}

bool Outbox::flush() {
  std::swap(collecting_, flushing_);
  // All places first: what one owner's write leads to may add to another one, behind what that one is owed already.
  for (std::uint32_t i = 0; i < flushing_.used; ++i) {
    Entry& entry = flushing_.entries[i];
    if (entry.owner != nullptr) entry.place->index = Place::none;
  }
  for (std::uint32_t i = 0; i < flushing_.used; ++i) {
    Entry& entry = flushing_.entries[i];
    if (entry.owner != nullptr) entry.owner->write_out(entry.frames);
    if (entry.frames.capacity() > kept_frames) {
      entry.frames = std::vector<Frame>();
    } else {
      entry.frames.clear();
    }
    entry.owner = nullptr;
    entry.place = nullptr;
    entry.bytes = 0;
  }
  flushing_.used = 0;
  return collecting_.used != 0;
}

}  // namespace parley::server
