#include "broker/core/peers.h"

namespace parley {

Peers::Peers(cluster::Bus* bus, const Clock& clock, LogCounters& counters, PeerSettings settings, Owner& owner)
    : bus_(bus), clock_(clock), counters_(counters), settings_(std::move(settings)), owner_(owner) {}

void Peers::start() {
  if (bus_ == nullptr) return;
  bus_->start(*this);
  bus_->subscribe(cluster::control_channel);
}

// ---- interest

void Peers::want(RoomId room) { count(cluster::channel_of(room), true); }
void Peers::unwant(RoomId room) { count(cluster::channel_of(room), false); }

void Peers::want_all(bool on) {
  if (std::exchange(all_wanted_, on) == on) return;
  for (cluster::Channel channel = 0; channel < cluster::room_channels; ++channel) count(channel, on);
}

void Peers::count(cluster::Channel channel, bool more) {
  if (bus_ == nullptr) return;
  if (more && wanted_[channel]++ == 0) bus_->subscribe(channel);
  if (!more && --wanted_[channel] == 0) bus_->unsubscribe(channel);
}

// ---- telling

template <typename What>
void Peers::send(cluster::Channel channel, What what) {
  if (!connected()) return;
  const bool sent = bus_->publish(channel, envelope::encode({settings_.replica, epoch_, std::move(what)}));
  (sent ? counters_.bus_sent : counters_.bus_unsent).add();
}

void Peers::send_entries(RoomId room, const std::vector<EntryPtr>& entries) {
  if (!connected()) return;
  const cluster::Channel channel = cluster::channel_of(room);
  envelope::Entries part{room, {}};
  std::size_t bytes = 0;
  for (const EntryPtr& entry : entries) {
    if (bytes > cluster::message_bytes) {
      send(channel, std::exchange(part, {room, {}}));
      bytes = 0;
    }
    part.entries.push_back(entry);
    bytes += entry->footprint();
  }
  send(channel, std::move(part));
}

void Peers::send_signal(const Signal& signal) {
  send(cluster::channel_of(signal.room),
       envelope::Signal{signal.room, signal.type, signal.user_id, signal.user_name, signal.body, signal.only_to});
}

void Peers::send_forward(RoomId room, EntryPtr message, std::vector<envelope::GroupChoice> groups) {
  send(cluster::channel_of(room), envelope::Forward{room, std::move(message), std::move(groups)});
}

void Peers::send_presence_changed(RoomId room) { send(cluster::channel_of(room), envelope::PresenceChanged{room}); }

void Peers::send_login_revoked(const std::string& login) {
  if (bus_ == nullptr) return;
  const MonoMs now = clock_.mono_ms();
  while (!revocations_.empty() && (revocations_.front().until <= now || revocations_.size() >= settings_.revocations_max)) {
    revocations_.pop_front();
  }
  revocations_.push_back({login, now + settings_.revocations_ms});
  send(cluster::control_channel, envelope::LoginRevoked{login});
}

void Peers::send_client_moved(envelope::ClientMoved moved) { send(cluster::control_channel, std::move(moved)); }
void Peers::send_groups(envelope::Groups groups) { send(cluster::control_channel, std::move(groups)); }
void Peers::send_hello() { send(cluster::control_channel, envelope::Hello{}); }

void Peers::repeat_revocations() {
  for (const Revocation& revocation : revocations_) {
    if (revocation.until > clock_.mono_ms()) send(cluster::control_channel, envelope::LoginRevoked{revocation.login});
  }
}

// ---- hearing

void Peers::on_message(cluster::Channel /*channel*/, std::string_view bytes) {
  Result<envelope::Message> message = envelope::decode(bytes);
  if (!message) return counters_.bus_malformed.add();
  if (message->sender == settings_.replica) return;
  counters_.bus_received.add();
  // Another epoch: one of us has not noticed yet that the log is another one. A login's end holds in any.
  const bool any_epoch = std::holds_alternative<envelope::LoginRevoked>(message->what);
  if (message->epoch != epoch_ && !any_epoch) {
    counters_.bus_malformed.add();
    owner_.on_missed();
    return;
  }
  receive(std::move(*message));
}

void Peers::receive(envelope::Message message) {
  if (auto* entries = std::get_if<envelope::Entries>(&message.what)) {
    owner_.on_entries(std::move(*entries));
  } else if (auto* signal = std::get_if<envelope::Signal>(&message.what)) {
    owner_.on_signal(std::move(*signal));
  } else if (auto* forward = std::get_if<envelope::Forward>(&message.what)) {
    owner_.on_forward(std::move(*forward));
  } else if (const auto* changed = std::get_if<envelope::PresenceChanged>(&message.what)) {
    owner_.on_presence_changed(changed->room);
  } else if (const auto* revoked = std::get_if<envelope::LoginRevoked>(&message.what)) {
    owner_.on_login_revoked(revoked->login);
  } else if (const auto* moved = std::get_if<envelope::ClientMoved>(&message.what)) {
    owner_.on_client_moved(*moved);
  } else if (const auto* groups = std::get_if<envelope::Groups>(&message.what)) {
    owner_.on_groups(message.sender, *groups);
  } else {
    repeat_revocations();
    owner_.on_hello();
  }
}

void Peers::on_subscribed(cluster::Channel channel) {
  if (channel == cluster::control_channel) {
    send_hello();
    repeat_revocations();
    owner_.on_hello();
  } else {
    owner_.on_missed();
  }
}

void Peers::on_connected(bool connected) { owner_.on_bus(connected); }

}  // namespace parley
