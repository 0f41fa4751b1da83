#pragma once

// MQTT 3.1.1 and 5 from the client's side, over TCP and WebSocket. Publications are read where they lie; all other packets go
// through the broker's own strict codec.

#include <deque>
#include <vector>

#include "broker/protocol/mqtt/packets.h"
#include "loadtest/client.h"

namespace parley::loadtest {

class MqttClient final : public Client {
 public:
  using Client::Client;
  void add_subscription(std::string filter) override { filters_.push_back(std::move(filter)); }

 private:
  void on_open() override;
  void on_bytes(std::string_view bytes) override;
  void send_publish(const Outgoing& message, bool again) override;
  bool acknowledges() const override { return settings_.qos != mqtt::QoS::at_most_once; }
  // A persistent session's QoS 2 publish that is sent again is known by its packet id.
  bool retries_safely() const override { return settings_.persistent && settings_.qos == mqtt::QoS::exactly_once; }
  void forget_connection() override;

  std::size_t read_packets(std::string_view bytes);
  // False: it is no publication that can be read in passing.
  bool read_publish(unsigned first_byte, std::string_view body);
  void read_packet(unsigned first_byte, std::string_view body);
  void on(const mqtt::Connack& connack);
  void on(const mqtt::Suback& suback);
  void on(const mqtt::Publish& publish);
  void on(const mqtt::Puback& puback);
  void on(const mqtt::Pubrec& pubrec);
  void on(const mqtt::Pubrel& pubrel);
  void on(const mqtt::Pubcomp& pubcomp);
  void on(const mqtt::Disconnect& disconnect);
  void arrived(unsigned first_byte, std::string_view topic, std::uint16_t id, std::string_view payload);
  void subscribe_all();
  void send(const mqtt::Packet& packet);
  std::uint16_t id_of(std::size_t position) const;

  std::vector<std::string> filters_;
  Carry carry_;
  std::uint16_t oldest_id_ = 1;               // of the oldest unacknowledged publish; those after it follow one by one
  std::size_t received_ = 0;                  // QoS 2: of the unacknowledged ones, those whose PUBREC came
  std::vector<std::uint16_t> half_received_;  // QoS 2 to us: PUBREC sent, PUBREL to come
  bool connected_ = false;
};

}  // namespace parley::loadtest
