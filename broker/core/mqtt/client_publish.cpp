// PUBLISH from the client, and its acknowledgements (MQTT 5 §3.3 to §3.7, §4.3, §4.9).

#include <algorithm>

#include "broker/core/mqtt/client.h"
#include "broker/core/topics.h"
#include "broker/protocol/mqtt/publication.h"

namespace parley::mqtt {

namespace {

Reason reason_of(const Error& error) {
  switch (error.code) {
    case Code::forbidden:
    case Code::unauthorized:
    case Code::not_found:
      return Reason::not_authorized;
    case Code::bad_request:
      return Reason::topic_name_invalid;
    case Code::too_large:
    case Code::rate_limited:
      return Reason::quota_exceeded;
    case Code::conflict:
      return Reason::implementation_specific_error;
    default:
      return Reason::unspecified_error;
  }
}

Lost lost_of(Reason reason) {
  switch (reason) {
    case Reason::not_authorized:
      return Lost::forbidden;
    case Reason::topic_name_invalid:
      return Lost::bad_topic;
    case Reason::payload_format_invalid:
      return Lost::bad_format;
    default:
      return Lost::refused;
  }
}

}  // namespace

Client::Publishing& Client::publishing() {
  if (!publishing_) publishing_ = std::make_unique<Publishing>(exchange_.settings().topic_aliases);
  return *publishing_;
}

void Client::on(Publish& packet) {
  exchange_.counters().messages_in.add();
  if (std::optional<Violation> violation = publishing().aliases.resolve(packet)) return violated(*violation);
  if (packet.qos == QoS::at_most_once) return publish(packet);
  const bool known = session_->has_received(packet.packet_id);
  if (packet.qos == QoS::exactly_once) {
    if (publishing_->receiving.contains(packet.packet_id)) return;  // PUBREC comes with the commit
    if (known) {
      // Sent again: acknowledged again, and not published again [MQTT-4.3.3-10].
      const AckQueue::Ticket ticket = publishing_->pubrecs.open();
      return acknowledge(QoS::exactly_once, ticket, packet.packet_id, Reason::success, {});
    }
  }
  const std::size_t held = session_->received() - std::min<std::size_t>(session_->received(), carried_);
  if (version() == Version::v5 && unacked_ + publishing_->receiving.size() + held >= exchange_.settings().receive_max) {
    return end(Reason::receive_maximum_exceeded, "there are more publishes under way than Receive Maximum allows");
  }
  publish(packet);
}

Reason Client::check(const Publish& packet) const {
  const TopicLimits& limits = exchange_.settings().topics;
  if (packet.topic.starts_with('$')) return Reason::not_authorized;
  if (!check_room_name(packet.topic, limits.bytes_max, limits.levels_max)) return Reason::topic_name_invalid;
  if (!payload_format_holds(packet.properties.payload_is_utf8, packet.payload)) return Reason::payload_format_invalid;
  return Reason::success;
}

void Client::publish(const Publish& packet) {
  const QoS qos = packet.qos;
  AckQueue::Ticket ticket = 0;
  if (qos != QoS::at_most_once) ticket = (qos == QoS::at_least_once ? publishing_->pubacks : publishing_->pubrecs).open();
  const Reason reason = check(packet);
  if (reason != Reason::success) return acknowledge(qos, ticket, packet.packet_id, reason, to_string(reason));
  parley::Publish entry;
  entry.room = packet.topic;
  entry.payload = classify_payload(packet.payload);
  entry.body = packet.payload;
  entry.content_type = packet.properties.content_type.value_or(std::string_view());
  for (const UserProperty& property : packet.properties.user) {
    if (property.name == "parley-cid") entry.cid = property.value.substr(0, 128);
  }
  entry.properties = encode_publication({qos, packet.retain, session_->client_id().view(), packet.properties});
  entry.keep = Keep::acked;
  entry.retain = packet.retain;
  entry.expires_s = packet.properties.message_expiry_interval_s.value_or(0);
  if (qos == QoS::exactly_once && session_->stored().id != 0) entry.inbound = InboundPacket{session_->stored(), packet.packet_id};
  entry.fire_and_forget = qos == QoS::at_most_once && !packet.retain;
  if (qos == QoS::at_least_once) ++unacked_;
  if (qos == QoS::exactly_once) publishing_->receiving.insert(packet.packet_id);
  ++publishes_;
  exchange_.hub().counters().publishes.add();
  exchange_.hub().log().call<Appended>(
      [subject = subject_, entry = std::move(entry)](Log& log, Reply<Appended> reply) mutable {
        log.publish(std::move(subject), std::move(entry), std::move(reply));
      },
      [exchange = &exchange_, id = id_, packet_id = packet.packet_id, qos, ticket,
       began = exchange_.clock().mono_ms()](const Result<Appended>& result) {
        if (Client* self = exchange->client(id)) self->published(packet_id, qos, ticket, began, result);
      });
}

void Client::published(std::uint16_t packet_id, QoS qos, AckQueue::Ticket ticket, MonoMs began, const Result<Appended>& result) {
  --publishes_;
  if (qos == QoS::at_least_once) --unacked_;
  if (qos == QoS::exactly_once) publishing_->receiving.erase(packet_id);
  WorkerCounters& counters = exchange_.hub().counters();
  if (stage_ != Stage::connected) return;
  if (!result) {
    counters.publish_errors.add();
    if (result.error().code == Code::forbidden) counters.drop(Drop::refused);
    const bool broken = result.error().code == Code::unavailable || result.error().code == Code::internal;
    // 3.1.1 has no refusal: what cannot be kept now must not be acknowledged, so that it is sent again.
    if (broken && version() == Version::v311 && qos != QoS::at_most_once)
      return end(Reason::server_busy, "storage takes nothing now");
    acknowledge(qos, ticket, packet_id, reason_of(result.error()), result.error().message);
  } else {
    if (result->duplicate) counters.duplicates.add();
    counters.ack_latency_us.record(static_cast<std::uint64_t>(exchange_.clock().mono_ms() - began) * 1000);
    if (qos == QoS::exactly_once) session_->add_received(packet_id);
    acknowledge(qos, ticket, packet_id, Reason::success, {});
  }
  if (draining_ && publishes_ == 0) return end(Reason::server_shutting_down, "the server is stopping");
  if (behind_publishes_ && publishes_ == 0) return go_on_behind_publishes();
  update_reading();
}

// ---- what stands behind publishes

// What the client published before is in the rooms before it subscribes: a retained message comes as one, and a cleared one not
// at all.
void Client::on(const Subscribe& packet) {
  behind_publishes_ = publishes_ != 0;
  session_->subscribe(packet);
}

// A client that does not wait for PUBREC is answered in the order of its packets.
void Client::on(const Pubrel& packet) {
  if (!publishing_ || !publishing_->receiving.contains(packet.packet_id)) return session_->on_pubrel(packet.packet_id);
  behind_publishes_ = true;
  publishing_->released = packet.packet_id;
}

void Client::go_on_behind_publishes() {
  behind_publishes_ = false;
  if (const std::uint16_t id = std::exchange(publishing_->released, std::uint16_t{0})) session_->on_pubrel(id);
  session_->go_on_with_jobs();
  read_held();
}

// In the order of the publishes [MQTT-4.6.0-2] [MQTT-4.6.0-3].
void Client::acknowledge(QoS qos, AckQueue::Ticket ticket, std::uint16_t packet_id, Reason reason, std::string_view text) {
  if (is_error(reason)) exchange_.counters().lose(lost_of(reason));
  if (qos == QoS::at_most_once) return;
  Acknowledgement ack{packet_id, reason, {}};
  if (is_error(reason) && receiver_.problem_information) ack.properties.reason_string = text;
  if (qos == QoS::at_least_once) {
    publishing_->pubacks.settle(ticket, encode_ack(Puback{ack}));
    flush(publishing_->pubacks, PacketType::puback);
  } else {
    publishing_->pubrecs.settle(ticket, encode_ack(Pubrec{ack}));
    flush(publishing_->pubrecs, PacketType::pubrec);
    // 3.1.1 has no refusal: the exchange goes on to PUBREL.
    if (is_error(reason) && version() == Version::v311) session_->hold_received(packet_id);
  }
}

std::string Client::encode_ack(const Packet& packet) const {
  std::string out;
  append(out, packet, receiver_);
  return out;
}

void Client::flush(AckQueue& acks, PacketType type) {
  std::string out;
  while (std::optional<std::string> next = acks.take()) {
    if (next->empty()) continue;
    exchange_.counters().sent(type, next->size());
    out += *next;
  }
  if (!out.empty()) send_bytes(out);
}

}  // namespace parley::mqtt
