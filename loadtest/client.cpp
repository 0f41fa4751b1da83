#include "loadtest/client.h"

#include <algorithm>

#include "loadtest/mqtt_client.h"
#include "loadtest/native_client.h"
#include "loadtest/payload.h"
#include "loadtest/socketio_client.h"

namespace parley::loadtest {

void Client::publish(const Outgoing& message) {
  if (!acknowledges()) {
    // Without an answer nothing is kept: what cannot be sent now is lost, as it would be to a device.
    if (!up_) return events_.on_in_doubt(*this, message.stream, message.number, false);
    const auto known =
        std::find_if(last_sent_.begin(), last_sent_.end(), [&](const auto& at) { return at.first == message.stream; });
    if (known == last_sent_.end()) last_sent_.emplace_back(message.stream, message.number);
    return send_publish(message, false);
  }
  unacked_.push_back(message);
  send_waiting();
}

void Client::send_waiting() {
  while (up_ && sent_ < unacked_.size() && sent_ < window_) {
    send_publish(unacked_[sent_], sent_ < sent_before_);
    ++sent_;
  }
}

void Client::up() {
  up_ = true;
  events_.on_up(*this);
  send_waiting();
}

void Client::note_doubt() {
  for (const auto& [stream, first] : last_sent_) events_.on_in_doubt(*this, stream, first, false);
  last_sent_.clear();
  if (!retries_safely()) {
    for (std::size_t i = 0; i < sent_; ++i) events_.on_in_doubt(*this, unacked_[i].stream, unacked_[i].number, true);
  }
  sent_before_ = std::max(sent_before_, sent_);
  sent_ = 0;
}

void Client::drop() {
  if (is_down()) return;
  up_ = false;
  link_.drop();
  note_doubt();
  forget_connection();
}

void Client::down(const std::string& reason, std::int64_t after_ms) {
  up_ = false;
  if (!link_.is_idle()) link_.drop();
  note_doubt();
  forget_connection();
  events_.on_down(*this, reason, after_ms);
}

void Client::acked(std::uint64_t seq) {
  const Outgoing message = unacked_.front();
  unacked_.pop_front();
  if (sent_ > 0) --sent_;
  if (sent_before_ > 0) --sent_before_;
  events_.on_acked(*this, message, seq);
  send_waiting();
}

void Client::refused(std::string_view why) {
  const Outgoing message = unacked_.front();
  unacked_.pop_front();
  if (sent_ > 0) --sent_;
  if (sent_before_ > 0) --sent_before_;
  events_.on_refused(*this, message, why);
  send_waiting();
}

void Client::append_body(std::string& out, const Outgoing& message) const {
  append_payload(out, {message.number, message.stream, settings_.run, message.sent_ns}, settings_.payload_bytes);
}

std::unique_ptr<Client> make_client(const ClientSettings& settings, LinkTurn& turn, ClientEvents& events, std::uint32_t index) {
  if (settings.protocol == Protocol::mqtt) return std::make_unique<MqttClient>(settings, turn, events, index);
  if (settings.protocol == Protocol::socketio) return std::make_unique<SocketIoClient>(settings, turn, events, index);
  return std::make_unique<NativeClient>(settings, turn, events, index);
}

std::string subprotocol_of(Protocol protocol) {
  return protocol == Protocol::native ? "parley.v1" : protocol == Protocol::mqtt ? "mqtt" : "";
}

}  // namespace parley::loadtest
