#include "broker/core/mqtt/session.h"

#include <algorithm>

#include "broker/core/mqtt/client.h"
#include "broker/core/mqtt/exchange.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

Session::Session(Exchange& exchange, SessionState&& state)
    : exchange_(exchange), is_(std::move(static_cast<SessionIdentity&>(state))), id_(exchange.hub().add_session(*this)) {
  exchange_.counters().sessions.add(1);
  window_.restore(std::move(state.in_flight), state.next_packet_id);
  for (const std::uint16_t packet_id : state.received) received_.push_back(packet_id);
  for (Position& position : state.positions) {
    auto room = std::make_unique<Joined>();
    room->name = std::move(position.name);
    room->position = position.sent;
    room->skip = std::move(position.skip);
    room->repeats = position.repeats;
    rooms_[position.room] = std::move(room);
  }
  for (SubscriptionState& subscription : state.subscriptions) put_subscription(std::move(subscription));
}

Session::~Session() {
  for (std::uint32_t place = 0; place < subscriptions_.places(); ++place) {
    if (!subscriptions_[place].used()) continue;
    exchange_.remove_filter(*this, place, subscriptions_[place].state.filter);
    exchange_.counters().subscriptions.add(-1);
  }
  for (auto& [id, room] : rooms_) leave_room(id, *room);
  exchange_.hub().remove_session(id_);
  exchange_.counters().sessions.add(-1);
}

std::vector<std::string> Session::filters() const {
  std::vector<std::string> filters;
  subscriptions_.for_each([&](const SubscriptionState& subscription) {
    if (!is_shared(subscription.filter)) filters.push_back(subscription.filter);
  });
  return filters;
}

// ---- the connection

void Session::bind(Client& client) {
  client_ = &client;
  ++connection_;
  window_.set_limit(client.inflight_max());
  join_groups();
  resend();
}

void Session::unbind() {
  leave_groups();
  client_ = nullptr;
  ++connection_;
  held_.clear();
  resending_.reset();
  if (saving_) {
    saving_->gate.clear();
    saving_->gate_bytes = 0;
    saving_->must = saving_->soon = false;
  }
  retained_.clear();
  waiting_.clear();
  retry_.clear();
  for (auto& [id, room] : rooms_) leave_room(id, *room);
}

std::unique_ptr<SessionState> Session::take_state() {
  auto state = std::make_unique<SessionState>();
  static_cast<SessionIdentity&>(*state) = is_;
  subscriptions_.for_each([&](const SubscriptionState& subscription) { state->subscriptions.push_back(subscription); });
  for (const auto& [id, room] : rooms_) {
    if (room->position) state->positions.push_back({id, room->name, *room->position, room->skip, room->repeats});
  }
  state->in_flight = window_.copy();
  for (InFlight& message : state->in_flight) message.in_doubt = true;
  state->next_packet_id = window_.next_packet_id();
  state->received = received_.items();
  return state;
}

void Session::on_drained() {
  if (!retained_.empty()) next_retained();
  send_shared();
  pump_waiting(true);
}

void Session::on_tick() {
  for (std::size_t n = retry_.size(); n > 0; --n) {
    const RoomId id = retry_.front();
    retry_.pop_front();
    Joined* room = find(id);
    if (room != nullptr && client_ != nullptr && room->cursor == nullptr && !room->attaching) attach(id, *room);
  }
  if (!retained_.empty()) next_retained();
  save_now_and_then();
}

void Session::revoked() {
  if (client_ != nullptr) client_->end_later(Reason::administrative_action, "the login was ended");
}

// ---- acknowledgements (§4.3.2, §4.3.3)

bool Session::on_puback(std::uint16_t packet_id) {
  const InFlight* message = window_.find(packet_id);
  if (message == nullptr) return true;  // of a message that is not under way any more
  if (message->qos != QoS::at_least_once) return false;
  if (!message->share.empty()) shared_done(message->share, message->room, message->seq);
  finish(packet_id);
  go_on();
  return true;
}

bool Session::on_pubrec(std::uint16_t packet_id, Reason reason) {
  InFlight* message = window_.find(packet_id);
  if (message == nullptr) {
    send_packet(Pubrel{{packet_id, Reason::packet_identifier_not_found, {}}});
    return true;
  }
  if (message->qos != QoS::exactly_once) return false;
  if (is_error(reason)) {
    finish(packet_id);
    go_on();
    return true;
  }
  message->released = true;
  if (stored().id != 0) {
    note().changed.insert(packet_id);
    saving().must = true;
  }
  send_packet(Pubrel{{packet_id, Reason::success, {}}});
  return true;
}

void Session::on_pubcomp(std::uint16_t packet_id) {
  const InFlight* message = window_.find(packet_id);
  if (message == nullptr || !message->released) return;
  finish(packet_id);
  go_on();
}

void Session::go_on() {
  if (resending_) {
    if (resending_->missing == 0) go_on_resending();
    return;
  }
  if (!retained_.empty()) next_retained();
  send_shared();
  pump_waiting(false);
}

void Session::pump_waiting(bool all) {
  for (std::size_t n = waiting_.size(); n > 0 && (all || window_.free() > 0); --n) {
    const RoomId id = waiting_.front();
    waiting_.pop_front();
    Joined* room = find(id);
    if (room == nullptr) continue;
    room->waiting = false;
    if (room->cursor != nullptr) exchange_.hub().pump(*room->cursor);
  }
}

}  // namespace parley::mqtt
