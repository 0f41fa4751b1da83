// A stored session's side of storage: what is saved, and what waits for it (MQTT 5 §4.1, §4.3.3).

#include <algorithm>

#include "broker/core/mqtt/client.h"
#include "broker/core/mqtt/exchange.h"

namespace parley::mqtt {

namespace {
// More than this many acknowledged above an open one are not listed: the window alone tells of the open ones then.
constexpr std::size_t above_max = 1024;
}  // namespace

// ---- what goes out

void Session::send(std::string& out) {
  if (out.empty()) return;
  if (!gated() && !must_save()) return client_->send_bytes(out);
  // Either for the next save, or behind what waits already.
  Saving& is = *saving_;
  const std::uint64_t save = is.must ? is.made + 1 : is.gate.back().save;
  is.gate_bytes += out.size();
  is.gate.push_back({save, std::exchange(out, {})});
  if (!std::exchange(is.must, false)) return;
  is.soon = true;
  start_save();
}

void Session::send_packet(const Packet& packet) {
  std::string out = client_->encoded(packet);
  send(out);
}

// ---- what is saved

void Session::finish(std::uint16_t packet_id) {
  const InFlight* message = window_.find(packet_id);
  if (message == nullptr) return;
  if (stored().id != 0) {
    if (message->saved) note().outbound_done.push_back(packet_id);
    note().changed.erase(packet_id);
    note().moved.insert(message->room);
  }
  window_.remove(packet_id);
}

void Session::add_received(std::uint16_t packet_id) {
  if (!has_received(packet_id)) received_.push_back(packet_id);
}

void Session::hold_received(std::uint16_t packet_id) {
  received_.push_back(packet_id);
  if (stored().id != 0) note().inbound_held.push_back(packet_id);
}

void Session::on_pubrel(std::uint16_t packet_id) {
  const bool known = received_.erase_if([=](std::uint16_t one) { return one == packet_id; }) != 0;
  if (known && stored().id != 0) {
    note().inbound_done.push_back(packet_id);
    saving().must = true;
  }
  send_packet(Pubcomp{{packet_id, known ? Reason::success : Reason::packet_identifier_not_found, {}}});
}

Session::Saving& Session::saving() {
  if (!saving_) saving_ = std::make_unique<Saving>();
  return *saving_;
}

Session::Unsaved& Session::note() {
  std::unique_ptr<Unsaved>& unsaved = saving().unsaved;
  if (!unsaved) unsaved = std::make_unique<Unsaved>();
  return *unsaved;
}

bool Session::unsaved() const {
  if (stored().id == 0 || !saving_ || !saving_->unsaved) return false;
  const Unsaved& is = *saving_->unsaved;
  return !(is.moved.empty() && is.changed.empty() && is.outbound_done.empty() && is.inbound_held.empty() &&
           is.inbound_done.empty() && is.shares_done.empty());
}

// What was sent with QoS 1, and what was acknowledged, is no hurry.
void Session::save_now_and_then() {
  if (unsaved() && exchange_.clock().mono_ms() - saving_->last_ms >= exchange_.settings().save_interval_ms) start_save();
}

// One at a time: those that follow it go together.
void Session::start_save() {
  Saving& is = saving();
  if (is.running) return;
  is.running = true;
  is.soon = false;
  is.last_ms = exchange_.clock().mono_ms();
  const std::uint64_t number = ++is.made;
  exchange_.around().registry.call<Nothing>(
      [save = make_save()](Registry& registry, Reply<Nothing> reply) mutable {
        registry.save(std::move(save), std::move(reply));
      },
      [hub = &exchange_.hub(), id = id_, number](const Result<Nothing>& result) {
        if (auto* self = static_cast<Session*>(hub->session(id))) self->save_done(number, result);
      });
}

void Session::save_done(std::uint64_t number, const Result<Nothing>& result) {
  Saving& is = *saving_;
  is.running = false;
  if (client_ == nullptr) return;
  if (!result) return client_->end_later(Reason::session_taken_over, "the session is another connection's by now");
  std::string out;
  while (gated() && is.gate.front().save <= number) {
    out += is.gate.front().bytes;
    is.gate_bytes -= is.gate.front().bytes.size();
    is.gate.pop_front();
  }
  if (!out.empty()) client_->send_bytes(out);
  if (is.soon) start_save();
  if (!gated()) on_drained();
}

std::optional<SessionSave> Session::take_save() {
  if (!unsaved()) return std::nullopt;
  return make_save();
}

SessionSave Session::make_save() {
  SessionSave save;
  save.session = stored();
  const std::unique_ptr<Unsaved> what = std::exchange(saving().unsaved, nullptr);
  if (!what) return save;
  for (const RoomId id : what->moved) {
    const Joined* room = find(id);
    if (room == nullptr || room->qos == QoS::at_most_once) continue;
    if (room->cursor != nullptr || room->position) save.cursors.push_back(cursor_of(id, *room));
  }
  for (const std::uint16_t packet_id : what->changed) {
    InFlight* message = window_.find(packet_id);
    // One of a group goes to another member when this one is gone.
    if (message == nullptr || (!message->share.empty() && message->qos == QoS::at_least_once)) continue;
    OutboundState state = message->qos == QoS::at_least_once ? OutboundState::publish_qos1 : OutboundState::publish_qos2;
    if (message->released) state = OutboundState::release;
    save.outbound.push_back({packet_id, state, message->room, message->seq, message->order});
    message->saved = true;
  }
  save.outbound_done = std::move(what->outbound_done);
  save.inbound_held = std::move(what->inbound_held);
  save.inbound_done = std::move(what->inbound_done);
  save.shares = std::move(what->shares_done);
  return save;
}

SessionCursor Session::cursor_of(RoomId id, const Joined& room) const {
  const Seq sent = room.cursor != nullptr ? room.cursor->sent : *room.position;
  std::vector<Seq> open;
  for (const InFlight& message : window_.messages()) {
    if (message.room == id && message.share.empty()) open.push_back(message.seq);
  }
  std::sort(open.begin(), open.end());
  const auto is_open = [&](Seq seq) { return std::binary_search(open.begin(), open.end(), seq); };
  SessionCursor cursor{id, sent, {}};
  if (!open.empty() && open.front() <= sent && sent - open.front() <= above_max) {
    cursor.low = open.front() - 1;
    for (Seq seq = open.front(); seq <= sent; ++seq) {
      if (!is_open(seq)) cursor.above.push_back(seq);
    }
  }
  for (const Seq seq : room.skip) {
    if (seq > sent && !is_open(seq)) cursor.above.push_back(seq);
  }
  // What is directly above `low` belongs to it.
  std::size_t joined = 0;
  while (joined < cursor.above.size() && cursor.above[joined] == cursor.low + 1) {
    ++cursor.low;
    ++joined;
  }
  cursor.above.erase(cursor.above.begin(), cursor.above.begin() + static_cast<std::ptrdiff_t>(joined));
  return cursor;
}

}  // namespace parley::mqtt
