// A room of 1,000 subscribers without sockets: from the publish to the frame handed to each connection, the log and a store in
// memory included.

#include "tests/bench/core_cases.h"
#include "tests/unit/core/mqtt/mqtt_world.h"

namespace parley::bench {

namespace {

constexpr unsigned subscribers = 1000;

LogSettings in_turns() {
  LogSettings settings;
  settings.batches.turns = true;
  return settings;
}

class Counted final : public Transport {
 public:
  void send(Frame frame) override { bytes += frame.size(); }
  bool congested() const override { return false; }
  void pause_reading(bool) override {}
  void close(std::uint16_t, std::string_view) override {}
  std::size_t bytes = 0;
};

// Native sessions that acknowledge every 256 entries, well within their window.
class NativeRoom {
 public:
  NativeRoom() {
    for (unsigned i = 0; i < subscribers; ++i) {
      auto& at = clients_.emplace_back(std::make_unique<Client>());
      at->session = std::make_unique<NativeSession>(world_.workers[0]->hub, at->transport, world_.authenticator, world_.random,
                                                    world_.native);
      at->session->on_text(R"({"op":"connect","id":1})");
      at->session->on_text(R"({"op":"subscribe","id":2,"room":"r"})");
      world_.run();
    }
  }
  void publish(unsigned messages) {
    static const std::string command = R"({"op":"publish","id":3,"room":"r","body":{"text":")" + std::string(128, 'x') + "\"}}";
    for (unsigned i = 0; i < messages; ++i) clients_.front()->session->on_text(command);
    world_.run();
    seq_ += messages;
    if (seq_ - acked_ < 256) return;
    acked_ = seq_;
    const std::string ack = R"({"op":"ack","room":"r","seq":)" + std::to_string(seq_) + "}";
    for (auto& client : clients_) client->session->on_text(ack);
  }

 private:
  struct Client {
    Counted transport;
    std::unique_ptr<NativeSession> session;
  };
  testing_world::World world_{in_turns()};
  std::vector<std::unique_ptr<Client>> clients_;
  Seq seq_ = 0;
  Seq acked_ = 0;
};

class MqttRoom {
 public:
  MqttRoom() {
    for (unsigned i = 0; i < subscribers; ++i) {
      peers_.push_back(world_.connect("client-" + std::to_string(i)));
      world_.subscribe(*peers_.back(), "r", mqtt::QoS::at_most_once);
    }
  }
  void publish(unsigned messages) {
    mqtt::Publish packet;
    const std::string payload(128, 'x');
    packet.topic = "r";
    packet.payload = payload;
    for (unsigned i = 0; i < messages; ++i) peers_.front()->say(packet);
    world_.run();
    for (auto& peer : peers_) peer->bytes.clear();
  }

 private:
  mqtt::testing::MqttWorld world_{in_turns()};
  std::vector<std::unique_ptr<mqtt::testing::Peer>> peers_;
};

template <typename Room>
void add(std::vector<Case>& cases, const std::string& name) {
  const auto room = std::make_shared<std::unique_ptr<Room>>();
  for (const unsigned messages : {1U, 16U}) {
    cases.push_back({name + ", " + std::to_string(messages) + " in a turn: a delivery", messages * subscribers, [room, messages] {
                       if (!*room) *room = std::make_unique<Room>();
                       (*room)->publish(messages);
                     }});
  }
}

}  // namespace

void add_fanout_cases(std::vector<Case>& cases) {
  add<NativeRoom>(cases, "room of 1,000, native, kept");
  add<MqttRoom>(cases, "room of 1,000, MQTT QoS 0");
}

}  // namespace parley::bench
