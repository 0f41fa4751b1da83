#include "broker/core/room.h"

#include "broker/protocol/native_event.h"
#include "broker/protocol/websocket_writer.h"

namespace parley {

namespace {

Frame encode_entry(const Entry& entry, const std::string& room) {
  std::string text;
  text.reserve(entry.footprint() + room.size() + 64);
  native::append_entry(text, entry, room);
  return websocket::encode(websocket::Opcode::text, text);
}

}  // namespace

Room::Room(const RoomInfo& room, std::string log_epoch, std::size_t tail_entries, std::size_t tail_bytes)
    : info(room), epoch(std::move(log_epoch)), tail_(tail_entries, tail_bytes) {}

void Room::push(const EntryPtr& entry) {
  tail_.push(entry);
  info.head = entry->seq;
  native_.emplace_back();
  while (native_.size() > tail_.size()) native_.pop_front();
  // An edit or a deletion changed an entry in the tail: what was encoded before says what must not be said any more.
  if (entry->type == EntryType::edit || entry->type == EntryType::remove) {
    for (Frame& frame : native_) frame = Frame();
    joined_ = Joined();
  }
}

void Room::prune(Seq floor) {
  info.floor = floor;
  tail_.drop_below(floor);
  info.head = tail_.head();
  while (native_.size() > tail_.size()) native_.pop_front();
}

void Room::add(Cursor& cursor) {
  cursor.position = static_cast<std::uint32_t>(cursors_.size());
  cursors_.push_back(&cursor);
}

void Room::remove(Cursor& cursor) {
  cursors_[cursor.position] = cursors_.back();
  cursors_[cursor.position]->position = cursor.position;
  cursors_.pop_back();
}

const Frame& Room::native_frame(Seq seq) {
  // The tail may have begun with entries from the log, which have no place here yet.
  while (native_.size() < tail_.size()) native_.emplace_front();
  Frame& frame = native_[seq - tail_.first()];
  if (!frame) frame = encode_entry(*tail_.at(seq), info.name);
  return frame;
}

Frame Room::native_frames(const Delivery& delivery) {
  if (delivery.page != nullptr) {
    websocket::FrameRun run;
    for (Seq seq = delivery.first; seq <= delivery.last; ++seq) {
      run.begin();
      native::append_entry(run.buffer(), *delivery.page[seq - delivery.first], info.name);
      run.end(websocket::Opcode::text);
    }
    return run.take();
  }
  if (delivery.first == delivery.last) return native_frame(delivery.first);
  if (joined_.first != delivery.first || joined_.last != delivery.last) {
    scratch_.clear();
    for (Seq seq = delivery.first; seq <= delivery.last; ++seq) scratch_.push_back(native_frame(seq));
    joined_ = {delivery.first, delivery.last, websocket::join(scratch_)};
    scratch_.clear();
  }
  return joined_.frame;
}

}  // namespace parley
