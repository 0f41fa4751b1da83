#include "loadtest/mqtt_client.h"

#include <algorithm>

#include "broker/protocol/mqtt/decode.h"
#include "broker/protocol/mqtt/encode.h"
#include "broker/protocol/mqtt/input.h"

namespace parley::loadtest {

using mqtt::QoS;

namespace {

const mqtt::Limits& limits() {
  static const mqtt::Limits all = [] {
    mqtt::Limits wide;
    wide.packet_bytes_max = mqtt::packet_bytes_most;
    return wide;
  }();
  return all;
}

unsigned two_at(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned>(static_cast<unsigned char>(bytes[at])) << 8U | static_cast<unsigned char>(bytes[at + 1]);
}

void append_two(std::string& out, unsigned value) {
  out.push_back(static_cast<char>(value >> 8U));
  out.push_back(static_cast<char>(value & 0xffU));
}

}  // namespace

// ---- out

void MqttClient::send(const mqtt::Packet& packet) { link_.send(mqtt::encode(packet, {settings_.version}).bytes()); }

void MqttClient::on_open() {
  connected_ = false;
  mqtt::Connect connect;
  connect.version = settings_.version;
  connect.clean_start = !settings_.persistent;
  const std::string id = "load-" + std::to_string(settings_.run) + "-" + std::to_string(index());
  connect.client_id = id;
  if (!settings_.user.empty()) connect.user_name = settings_.user;
  if (!settings_.password.empty()) connect.password = settings_.password;
  if (settings_.version == mqtt::Version::v5 && settings_.persistent) connect.properties.session_expiry_interval_s = 3600;
  send(connect);
}

void MqttClient::subscribe_all() {
  mqtt::Subscribe subscribe;
  subscribe.packet_id = 65'535;
  for (const std::string& filter : filters_) subscribe.subscriptions.push_back({filter, settings_.qos});
  send(subscribe);
}

// Packet ids count up with the publishes, so the place in the queue says them; 65,535 is the subscription's.
std::uint16_t MqttClient::id_of(std::size_t position) const {
  return static_cast<std::uint16_t>((oldest_id_ - 1 + position) % 65'534 + 1);
}

void MqttClient::send_publish(const Outgoing& message, bool again) {
  const bool with_id = settings_.qos != QoS::at_most_once;
  const bool v5 = settings_.version == mqtt::Version::v5;
  const bool dup = again && settings_.persistent && with_id;
  const std::size_t payload = std::max<std::size_t>(settings_.payload_bytes, 48);
  std::size_t left = 2 + message.room.size() + (with_id ? 2 : 0) + (v5 ? 1 : 0) + payload;
  std::string packet;
  packet.reserve(left + 5);
  packet.push_back(static_cast<char>(0x30U | static_cast<unsigned>(settings_.qos) << 1U | (dup ? 8U : 0U)));
  for (; left > 127; left >>= 7U) packet.push_back(static_cast<char>((left & 0x7fU) | 0x80U));
  packet.push_back(static_cast<char>(left));
  append_two(packet, static_cast<unsigned>(message.room.size()));
  packet.append(message.room);
  if (with_id) append_two(packet, id_of(sent()));
  if (v5) packet.push_back('\0');
  append_body(packet, message);
  link_.send(packet);
}

void MqttClient::forget_connection() {
  carry_.clear();
  received_ = 0;
  connected_ = false;
  if (!settings_.persistent) half_received_.clear();
}

// ---- in

void MqttClient::on_bytes(std::string_view bytes) {
  carry_.feed(bytes, [this](std::string_view all) { return read_packets(all); });
}

std::size_t MqttClient::read_packets(std::string_view bytes) {
  std::size_t used = 0;
  while (bytes.size() - used >= 2 && !is_down()) {
    const mqtt::Variable length = mqtt::read_variable(bytes.substr(used + 1, 4));
    if (length.state == mqtt::Variable::State::too_long) {
      down("a packet's length is malformed");
      break;
    }
    const std::size_t header = 1 + length.bytes;
    if (length.state == mqtt::Variable::State::need_more || bytes.size() - used < header + length.value) break;
    const auto first_byte = static_cast<unsigned char>(bytes[used]);
    const std::string_view body = bytes.substr(used + header, length.value);
    if (first_byte >> 4U != 3 || !read_publish(first_byte, body)) read_packet(first_byte, body);
    used += header + length.value;
  }
  return is_down() ? bytes.size() : used;
}

bool MqttClient::read_publish(unsigned first_byte, std::string_view body) {
  const bool with_id = (first_byte & 6U) != 0;
  if (body.size() < 2) return false;
  const std::size_t topic = two_at(body, 0);
  std::size_t at = 2 + topic;
  const std::size_t least = at + (with_id ? 2 : 0) + (settings_.version == mqtt::Version::v5 ? 1 : 0);
  if (body.size() < least) return false;
  std::uint16_t id = 0;
  if (with_id) {
    id = static_cast<std::uint16_t>(two_at(body, at));
    at += 2;
  }
  if (settings_.version == mqtt::Version::v5 && body[at++] != 0) return false;  // properties
  arrived(first_byte, body.substr(2, topic), id, body.substr(at));
  return true;
}

void MqttClient::read_packet(unsigned first_byte, std::string_view body) {
  mqtt::Packet packet;
  const mqtt::Connection connection{settings_.version, mqtt::Sender::server};
  if (auto bad = mqtt::check_first_byte(static_cast<std::uint8_t>(first_byte), connection)) {
    events_.on_wrong(*this, bad->text);
    return down("the server broke MQTT: " + std::string(bad->text));
  }
  if (auto bad = mqtt::decode(static_cast<std::uint8_t>(first_byte), body, connection, limits(), packet)) {
    events_.on_wrong(*this, bad->text);
    return down("the server broke MQTT: " + std::string(bad->text));
  }
  std::visit(
      [this](const auto& one) {
        if constexpr (requires { on(one); }) on(one);
      },
      packet);
}

void MqttClient::on(const mqtt::Connack& connack) {
  if (connack.reason != mqtt::Reason::success) {
    return down("refused with 0x" + std::to_string(static_cast<unsigned>(connack.reason)));
  }
  connected_ = true;
  std::uint32_t window = connack.properties.receive_maximum.value_or(65'000);
  if (settings_.publish_window != 0) window = std::min(window, settings_.publish_window);
  set_window(window);
  if (connack.session_present || filters_.empty()) return up();
  half_received_.clear();
  subscribe_all();
}

void MqttClient::on(const mqtt::Suback& suback) {
  const bool good = std::all_of(suback.reasons.begin(), suback.reasons.end(), [this](mqtt::Reason reason) {
    return static_cast<unsigned>(reason) == static_cast<unsigned>(settings_.qos);
  });
  if (!good) return down("a subscription was refused or given a lower QoS");
  up();
}

void MqttClient::on(const mqtt::Publish& publish) {
  arrived(static_cast<unsigned>(publish.qos) << 1U | (publish.dup ? 8U : 0U), publish.topic, publish.packet_id, publish.payload);
}

void MqttClient::arrived(unsigned first_byte, std::string_view topic, std::uint16_t id, std::string_view payload) {
  const unsigned qos = first_byte >> 1U & 3U;
  if (qos == 2) {
    const bool known = std::find(half_received_.begin(), half_received_.end(), id) != half_received_.end();
    send(mqtt::Pubrec{{id, mqtt::Reason::success, {}}});
    if (known) return;  // its PUBREC was lost
    half_received_.push_back(id);
  } else if (qos == 1) {
    std::string puback = "\x40\x02";
    append_two(puback, id);
    link_.send(puback);
  }
  events_.on_arrival(*this, {topic, payload, 0, false, (first_byte & 8U) != 0});
}

void MqttClient::on(const mqtt::Puback& puback) {
  if (settings_.qos != QoS::at_least_once || waiting().empty() || puback.packet_id != id_of(0)) {
    return events_.on_wrong(*this, "a PUBACK out of order");
  }
  oldest_id_ = id_of(1);
  if (static_cast<unsigned>(puback.reason) >= 0x80) return refused(mqtt::to_string(puback.reason));
  acked(0);
}

void MqttClient::on(const mqtt::Pubrec& pubrec) {
  if (settings_.qos != QoS::exactly_once || received_ >= sent() || pubrec.packet_id != id_of(received_)) {
    return events_.on_wrong(*this, "a PUBREC out of order");
  }
  ++received_;
  send(mqtt::Pubrel{{pubrec.packet_id, mqtt::Reason::success, {}}});
}

void MqttClient::on(const mqtt::Pubrel& pubrel) {
  std::erase(half_received_, pubrel.packet_id);
  send(mqtt::Pubcomp{{pubrel.packet_id, mqtt::Reason::success, {}}});
}

void MqttClient::on(const mqtt::Pubcomp& pubcomp) {
  if (received_ == 0 || waiting().empty() || pubcomp.packet_id != id_of(0))
    return events_.on_wrong(*this, "a PUBCOMP out of order");
  --received_;
  oldest_id_ = id_of(1);
  acked(0);
}

void MqttClient::on(const mqtt::Disconnect& disconnect) {
  down("DISCONNECT with reason " + std::to_string(static_cast<unsigned>(disconnect.reason)));
}

}  // namespace parley::loadtest
