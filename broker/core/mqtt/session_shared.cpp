// Shared subscriptions, as one member sees them (MQTT 5 §4.8.2).

#include <algorithm>

#include "broker/core/mqtt/client.h"
#include "broker/core/mqtt/exchange.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

void Session::deliver_shared(const std::string& filter, const std::string& room, const EntryPtr& entry) {
  if (client_ == nullptr) return;  // it has left, and another member gets this
  shared_.push_back({filter, room, entry});
  send_shared();
}

void Session::send_shared() {
  while (!shared_.empty() && client_ != nullptr && !resending_) {
    const SharedMessage& next = shared_.front();
    const std::optional<std::uint32_t> place = subscriptions_.find(next.filter);
    // Its SUBACK is on the way: messages come behind it.
    if (!place) return;
    const SubscriptionState& subscription = subscriptions_[*place].state;
    Message& message = exchange_.messages().get(next.entry, next.room);
    const QoS qos = std::min(subscription.qos, message.qos());
    if (qos != QoS::at_most_once && (window_.free() == 0 || client_->congested())) return;
    const SharedMessage taken = std::move(shared_.front());
    shared_.pop_front();
    std::vector<std::uint32_t> ids;
    if (subscription.id != 0) ids.push_back(subscription.id);
    const std::size_t under_way = window_.size();
    const bool own = qos == QoS::exactly_once && stored().id != 0 && taken.entry->seq != 0;
    if (own) note().shares_done.push_back({taken.filter, taken.entry->room, {{taken.entry->seq, taken.entry->seq}}, {}});
    std::string out;
    if (!client_->congested() && !taken.entry->deleted) {
      append(out, message, taken.room,
             {qos, message.retain() && subscription.retain_as_published, false, subscription.meta, 0, &ids, &taken.filter},
             false);
    }
    send(out);
    // With QoS 2 it is this client's from now on [MQTT-4.8.2-4] [MQTT-4.8.2-5]; what was not sent at all is done.
    const bool waits = window_.size() != under_way && qos == QoS::at_least_once;
    if (!waits && taken.entry->seq != 0) shared_done(taken.filter, taken.entry->room, taken.entry->seq, own);
  }
}

void Session::shared_done(const std::string& filter, RoomId room, Seq seq, bool saved) {
  exchange_.around().shares.tell([filter, me = ShareMember{exchange_.hub().follower(), id_}, room, seq, saved](Shares& shares) {
    shares.done(filter, me, room, seq, saved);
  });
}

void Session::join_groups() {
  subscriptions_.for_each([&](const SubscriptionState& subscription) {
    if (!is_shared(subscription.filter)) return;
    exchange_.around().shares.tell([filter = subscription.filter, me = ShareMember{exchange_.hub().follower(), id_}](
                                       Shares& shares) { shares.join(filter, me, [](const Result<Nothing>&) {}); });
  });
}

// What another member is to get is not sent again by this one.
void Session::leave_groups() {
  shared_.clear();
  std::vector<std::uint16_t> given_back;
  for (const InFlight& message : window_.messages()) {
    if (!message.share.empty() && message.qos == QoS::at_least_once) given_back.push_back(message.packet_id);
  }
  for (const std::uint16_t packet_id : given_back) finish(packet_id);
  const auto leave = [&](const std::string& filter) {
    if (!is_shared(filter)) return;
    exchange_.around().shares.tell(
        [filter, me = ShareMember{exchange_.hub().follower(), id_}](Shares& shares) { shares.leave(filter, me); });
  };
  subscriptions_.for_each([&](const SubscriptionState& subscription) { leave(subscription.filter); });
  // A SUBSCRIBE that is under way has joined already.
  if (job_running()) {
    for (const Wish& wish : jobs_.front().wishes) leave(wish.state.filter);
  }
}

// By UNSUBSCRIBE: what was sent is finished here.
void Session::leave_group(std::uint32_t place) {
  const std::string filter = subscriptions_[place].state.filter;
  shared_.erase_if([&](const SharedMessage& message) { return message.filter == filter; });
  for (InFlight& message : window_.messages_to_change()) {
    if (message.share != filter) continue;
    shared_done(filter, message.room, message.seq);
    message.share.clear();
  }
  exchange_.around().shares.tell(
      [filter, me = ShareMember{exchange_.hub().follower(), id_}](Shares& shares) { shares.leave(filter, me); });
}

}  // namespace parley::mqtt
