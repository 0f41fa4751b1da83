#include "broker/core/mqtt/client.h"

#include <algorithm>

namespace parley::mqtt {

namespace {
// WebSocket, RFC 6455 §7.4; a TCP connection is just closed.
constexpr std::uint16_t normal_closure = 1000;
}  // namespace

Client::Client(Exchange& exchange, Transport& transport, std::string_view peer)
    : exchange_(exchange),
      transport_(transport),
      id_(exchange.add_client(*this)),
      reader_(exchange.settings().packets),
      last_packet_(exchange.clock().mono_ms()),
      newcomer_(std::make_unique<Newcomer>()) {
  newcomer_->peer = SharedText(peer);
  newcomer_->opened = last_packet_;
}

Client::~Client() {
  if (stage_ != Stage::closed) lost();
  exchange_.remove_client(id_);
}

// ---- bytes in

void Client::on_bytes(std::string_view bytes) {
  if (stage_ == Stage::closed) return;
  exchange_.counters().bytes_in.add(bytes.size());
  if (holds_input()) {
    hold(bytes);  // reading is paused: this is what was on its way
    return;
  }
  read(bytes);
  update_reading();
}

bool Client::holds_input() const { return stage_ == Stage::logging_in || stage_ == Stage::arriving || behind_publishes_; }

void Client::hold(std::string_view bytes) {
  if (!held_) held_ = std::make_unique<std::string>();
  *held_ += bytes;
}

void Client::read_held() {
  if (const std::unique_ptr<std::string> held = std::exchange(held_, nullptr)) read(*held);
  update_reading();
}

void Client::read(std::string_view bytes) {
  Packet packet;
  Violation violation;
  for (;;) {
    if (stage_ == Stage::closed) return;
    if (holds_input()) {
      hold(bytes);
      return;
    }
    switch (reader_.next(bytes, packet, violation)) {
      case PacketReader::Step::need_more:
        return;
      case PacketReader::Step::violation:
        return violated(violation);
      case PacketReader::Step::packet:
        last_packet_ = exchange_.clock().mono_ms();
        exchange_.counters().packets_in[static_cast<unsigned>(type_of(packet))].add();
        handle(packet);
    }
  }
}

void Client::handle(Packet& packet) {
  switch (type_of(packet)) {
    case PacketType::connect:
      return on(std::get<Connect>(packet));
    case PacketType::publish:
      return on(std::get<Publish>(packet));
    case PacketType::puback:
      if (!session_->on_puback(std::get<Puback>(packet).packet_id)) end(Reason::protocol_error, "a PUBACK for a QoS 2 message");
      return;
    case PacketType::pubrec: {
      const auto& pubrec = std::get<Pubrec>(packet);
      if (!session_->on_pubrec(pubrec.packet_id, pubrec.reason)) end(Reason::protocol_error, "a PUBREC for a QoS 1 message");
      return;
    }
    case PacketType::pubrel:
      return on(std::get<Pubrel>(packet));
    case PacketType::pubcomp:
      return session_->on_pubcomp(std::get<Pubcomp>(packet).packet_id);
    case PacketType::subscribe:
      return on(std::get<Subscribe>(packet));
    case PacketType::unsubscribe:
      return session_->unsubscribe(std::get<Unsubscribe>(packet));
    case PacketType::pingreq:
      return send(Pingresp{});
    case PacketType::disconnect:
      return on(std::get<Disconnect>(packet));
    default:
      // AUTH: no authentication method was agreed on (§4.12).
      return end(Reason::protocol_error, "there is no authentication to go on with");
  }
}

// ---- the end

void Client::violated(const Violation& violation) {
  const bool connected = stage_ == Stage::connected;
  exchange_.counters().ended[static_cast<unsigned>(violation.reason)].add();
  std::string farewell;
  append_farewell(farewell, violation, connected, receiver_.problem_information);
  if (!farewell.empty()) {
    exchange_.counters().sent(connected ? PacketType::disconnect : PacketType::connack, farewell.size());
    send_bytes(farewell);
  }
  lost();
  transport_.close(normal_closure, violation.text);
}

void Client::end(Reason reason, std::string_view text) {
  if (stage_ == Stage::closed) return;
  if (stage_ != Stage::connected) return refuse(reason, text);
  exchange_.counters().ended[static_cast<unsigned>(reason)].add();
  if (version() == Version::v5) {
    Disconnect packet;
    packet.reason = reason;
    if (receiver_.problem_information) packet.properties.reason_string = text;
    send(packet);
  }
  lost();
  transport_.close(normal_closure, text);
}

void Client::end_later(Reason reason, std::string_view text) {
  exchange_.around().executor.post([exchange = &exchange_, id = id_, reason, text] {
    if (Client* self = exchange->client(id)) self->end(reason, text);
  });
}

// The connection is over otherwise than by the client's DISCONNECT.
void Client::lost() {
  const bool was_connected = stage_ == Stage::connected;
  stage_ = Stage::closed;
  if (!was_connected) return;  // an answer of the registry that is on its way is given back (client_connect.cpp)
  exchange_.counters().clients.add(-1);
  std::optional<WillMessage> will;
  if (will_) will = std::move(*will_);
  will_.reset();
  exchange_.close(*std::exchange(session_, nullptr), generation_, expiry_s_, std::move(will));
}

void Client::on(const Disconnect& packet) {
  const std::optional<std::uint32_t> expiry = packet.properties.session_expiry_interval_s;
  // [MQTT-3.14.2-2]: a session that was to end with its connection cannot be prolonged now.
  if (expiry && *expiry != 0 && expiry_s_ == 0) {
    return end(Reason::protocol_error, "the session expiry interval was zero and cannot be set by DISCONNECT");
  }
  if (expiry) expiry_s_ = std::min(*expiry, exchange_.settings().session_expiry_max_s);
  // Any other reason is no good-bye: [MQTT-3.14.4-3].
  if (packet.reason == Reason::success) will_.reset();
  lost();
  transport_.close(normal_closure, {});
}

void Client::drain() {
  draining_ = true;
  if (publishes_ == 0) end(Reason::server_shutting_down, "the server is stopping");
}

// ---- time and flow

void Client::on_tick() {
  if (stage_ == Stage::closed) return;
  const MonoMs now = exchange_.clock().mono_ms();
  if (stage_ != Stage::connected) {
    if (stage_ == Stage::connecting && now - newcomer_->opened >= exchange_.settings().connect_timeout_ms) {
      exchange_.counters().ended[static_cast<unsigned>(Reason::keep_alive_timeout)].add();
      lost();
      transport_.close(normal_closure, "no CONNECT in time");
    }
    return;
  }
  if (draining_ && publishes_ == 0) return end(Reason::server_shutting_down, "the server is stopping");
  if (paused_) {
    last_packet_ = now;  // the silence is ours
  } else if (keep_alive_s_ != 0 && now - last_packet_ >= MonoMs{keep_alive_s_} * 1500) {
    return end(Reason::keep_alive_timeout, "nothing came for one and a half times the keep-alive");
  }
  if (login_expires_ != 0 && exchange_.clock().unix_ms() >= login_expires_) end(Reason::not_authorized, "the token expired");
}

void Client::on_drained() {
  update_reading();
  if (stage_ == Stage::connected) session_->on_drained();
}

// A client with too many publishes under way, or one that does not read its answers, is not read from.
void Client::update_reading() {
  if (stage_ == Stage::closed) return;
  const bool pause = holds_input() || publishes_ >= exchange_.settings().receive_max || transport_.congested();
  if (pause == paused_) return;
  paused_ = pause;
  transport_.pause_reading(pause);
}

// ---- packets out

void Client::send(const Packet& packet) {
  Frame frame = encode(packet, receiver_);
  if (!frame) return;
  exchange_.counters().sent(type_of(packet), frame.size());
  transport_.send(std::move(frame));
}

std::string Client::encoded(const Packet& packet) const {
  std::string out;
  append(out, packet, receiver_);
  exchange_.counters().sent(type_of(packet), out.size());
  return out;
}

void Client::send_frame(PacketType type, const Frame& frame, unsigned packets) {
  exchange_.counters().sent(type, frame.size(), packets);
  transport_.send(frame);
}

void Client::choose_alias(const std::string& topic, PublishTo& to) const {
  if (alias_max_ == 0) return;
  const std::size_t known_count = aliases_out_ ? aliases_out_->size() : 0;
  const auto known = aliases_out_ ? aliases_out_->find(topic) : Aliases::iterator();
  if (aliases_out_ && known != aliases_out_->end()) {
    to.topic_alias = known->second;
    to.topic_by_alias = true;
  } else if (known_count < alias_max_) {
    to.topic_alias = static_cast<std::uint16_t>(known_count + 1);
  }
}

void Client::alias_sent(const std::string& topic, const PublishTo& to) {
  if (!to.topic_alias || to.topic_by_alias) return;
  if (!aliases_out_) aliases_out_ = std::make_unique<Aliases>();
  (*aliases_out_)[topic] = *to.topic_alias;
}

}  // namespace parley::mqtt
