// The MQTT core under any order of events: three clients that come, go, subscribe, publish and acknowledge, a server that
// crashes, storage that holds its commits or fails, and now and then any bytes at all. Each byte is an event, or an argument of
// the one before. What is checked is what a client may rely on (MQTT 5 §4.3, §4.6, §4.9):
//   every packet can be read, and none belongs to the other version;
//   no more is under way than the Receive Maximum, and no packet identifier twice;
//   a message with QoS 2 comes once in the life of a session, over crashes too;
//   what one publisher sent to a topic with QoS 1 or 2 comes in its order, repeats aside.

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "tests/unit/core/mqtt/mqtt_world.h"

namespace parley::mqtt {
namespace {

using testing::MqttWorld;
using testing::Peer;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

constexpr unsigned clients = 3;
constexpr std::array<const char*, 4> topics = {"a", "a/b", "a/c", "d"};
constexpr std::array<const char*, 8> filters = {"a", "a/b", "a/+", "a/#", "#", "+/b", "$share/g/a/#", "$SYS/#"};

// What a client knows of its session, over its connections.
struct Known {
  std::set<std::string> got_qos2;
  std::map<std::string, unsigned> last;  // publisher, topic and QoS → number
  std::set<std::uint16_t> taken;         // QoS 2 packet identifiers that are not released
  bool wild = false;                     // it has sent any bytes, or is in a group: nothing of this is promised to it
};

struct Open {
  std::unique_ptr<Peer> peer;
  std::unique_ptr<PacketReader> reader;
  std::string name;  // of this connection, as a publisher
  Version version = Version::v5;
  unsigned receive_max = 65'535;
  bool clean = true;
  unsigned published = 0;
  std::uint16_t next_id = 1;
  std::map<std::uint16_t, QoS> under_way;
  std::vector<Packet> owed;  // acknowledgements that it has not sent yet
};

class Run {
 public:
  Run(const std::uint8_t* data, std::size_t size) : bytes_(reinterpret_cast<const char*>(data), size) {}

  void go() {
    while (!bytes_.empty()) {
      event(next());
      for (unsigned i = 0; i < clients; ++i) look(i);
    }
    world_->store.fail_others(false);
    world_->store.release_commits();
    for (int i = 0; i < 3; ++i) world_->later(250);
    for (unsigned i = 0; i < clients; ++i) look(i);
    for (Open& open : open_) open.peer.reset();
    world_->run();
  }

 private:
  unsigned next() {
    if (bytes_.empty()) return 0;
    const auto byte = static_cast<unsigned char>(bytes_.front());
    bytes_.remove_prefix(1);
    return byte;
  }

  void event(unsigned byte) {
    const unsigned who = (byte >> 4U) % clients;
    Open& open = open_[who];
    switch (byte & 15U) {
      case 0:
        return connect(who, next());
      case 1:
        return open.peer.reset();
      case 2:
        return subscribe(who, next());
      case 3:
        return unsubscribe(open, next());
      case 4:
      case 5:
        return publish(open, next());
      case 6:
      case 7:
        return acknowledge(open, next());
      case 8:
        return raw(who, next());
      case 9:
        for (unsigned n = next() % 8; n > 0; --n) world_->log_executor.step();
        return;
      case 10:
        for (unsigned n = next() % 8; n > 0; --n) world_->workers[who % 2]->executor.step();
        return;
      case 11:
        return world_->run();
      case 12:
        return world_->later(MonoMs{1} << (next() % 17));
      case 13:
        return (byte & 16U) != 0 ? world_->store.hold_commits() : world_->store.release_commits();
      case 14:
        if (byte == 14) return crash();
        return world_->store.fail_others((byte & 16U) != 0);
      default:
        if (!open.peer) return;
        open.peer->is_congested = !open.peer->is_congested;
        if (!open.peer->is_congested) open.peer->client->on_drained();
    }
  }

  void crash() {
    for (Open& open : open_) open.peer.reset();
    before_ = std::move(world_);
    before_->store.fail_others(false);
    world_ = std::make_unique<MqttWorld>(&before_->store, "life " + std::to_string(++lives_));
  }

  void say(Open& open, const Packet& packet) {
    if (!open.peer || open.peer->closed) return;
    const Frame frame = encode(packet, Receiver{open.version});
    open.peer->client->on_bytes(frame.bytes());
  }

  void connect(unsigned who, unsigned how) {
    Open& open = open_[who];
    open.peer.reset();
    open = {};
    open.version = (how & 1U) == 0 ? Version::v5 : Version::v311;
    open.clean = (how & 2U) != 0;
    open.name = std::to_string(who) + "." + std::to_string(++connections_);
    open.peer = std::make_unique<Peer>(world_->workers[(how >> 2U) & 1U]->exchange, open.version);
    open.reader = std::make_unique<PacketReader>(limits_, open.version);
    Connect packet;
    packet.version = open.version;
    packet.client_id = ids_[who];
    packet.clean_start = open.clean;
    if (open.version == Version::v5) {
      if ((how & 8U) != 0) packet.properties.session_expiry_interval_s = 1U << (how >> 5U);
      if ((how & 16U) != 0) packet.properties.receive_maximum = open.receive_max = 1 + (how >> 6U);
      if ((how & 32U) != 0) packet.properties.topic_alias_maximum = 2;
    }
    if ((how & 64U) != 0) {
      packet.will.emplace();
      packet.will->topic = topics[how >> 7U];
      packet.will->payload = "will";
      packet.will->qos = QoS::at_least_once;
    }
    say(open, packet);
  }

  void subscribe(unsigned who, unsigned how) {
    Open& open = open_[who];
    // A group gives another copy of what another subscription brings.
    if (filters[how & 7U][1] == 's') known_[who].wild = true;
    Subscribe packet;
    packet.packet_id = open.next_id++;
    const char* filter = filters[how & 7U];
    const auto qos = static_cast<QoS>((how >> 3U) % 3);
    const bool no_local = open.version == Version::v5 && (how & 64U) != 0 && filter[0] != '$';
    packet.subscriptions.push_back(
        {filter, qos, no_local, (how & 128U) != 0 && open.version == Version::v5, RetainHandling::send});
    if (open.version == Version::v5 && (how & 32U) != 0) packet.properties.subscription_id = 1 + how;
    say(open, packet);
  }

  void unsubscribe(Open& open, unsigned how) {
    Unsubscribe packet;
    packet.packet_id = open.next_id++;
    packet.filters.emplace_back(filters[how & 7U]);
    say(open, packet);
  }

  void publish(Open& open, unsigned how) {
    Publish packet;
    const std::string payload = open.name + " " + std::to_string(++open.published) + " " + topics[how & 3U];
    packet.topic = topics[how & 3U];
    packet.payload = payload;
    packet.qos = static_cast<QoS>((how >> 2U) % 3);
    // A retained message comes again with every SUBSCRIBE: those are not looked at.
    packet.retain = (how & 64U) != 0;
    if (packet.retain) packet.payload = (how & 128U) != 0 ? std::string_view() : std::string_view("retained");
    if (packet.qos != QoS::at_most_once) packet.packet_id = open.next_id++;
    if (open.version == Version::v5 && (how & 32U) != 0) packet.properties.message_expiry_interval_s = 1;
    say(open, packet);
  }

  // The oldest that it owes, or the latest.
  void acknowledge(Open& open, unsigned how) {
    for (unsigned n = 1 + how % 4; n > 0 && !open.owed.empty(); --n) {
      const auto which = (how & 16U) != 0 ? open.owed.begin() : std::prev(open.owed.end());
      const Packet packet = std::move(*which);
      open.owed.erase(which);
      if (const auto* puback = std::get_if<Puback>(&packet)) open.under_way.erase(puback->packet_id);
      if (const auto* pubcomp = std::get_if<Pubcomp>(&packet)) open.under_way.erase(pubcomp->packet_id);
      say(open, packet);
    }
  }

  void raw(unsigned who, unsigned count) {
    Open& open = open_[who];
    const std::string bytes(bytes_.substr(0, count % 64));
    bytes_.remove_prefix(bytes.size());
    if (!open.peer || open.peer->closed) return;
    known_[who].wild = true;
    open.peer->client->on_bytes(bytes);
  }

  // What has come on one connection.
  void look(unsigned who) {
    Open& open = open_[who];
    if (!open.peer) return;
    const std::string came = std::exchange(open.peer->bytes, {});
    std::string_view rest = came;
    for (;;) {
      Packet packet;
      Violation violation;
      const PacketReader::Step step = open.reader->next(rest, packet, violation);
      require(step != PacketReader::Step::violation, "the server's packets can be read");
      if (step != PacketReader::Step::packet) return;
      take(who, packet);
    }
  }

  void take(unsigned who, Packet& packet) {
    Open& open = open_[who];
    Known& known = known_[who];
    if (const auto* connack = std::get_if<Connack>(&packet)) {
      require(!connack->session_present || !open.clean, "no session is present after a clean start");
      if (!connack->session_present && connack->reason == Reason::success) known = Known{{}, {}, {}, known.wild};
    } else if (const auto* publish = std::get_if<Publish>(&packet)) {
      take_publish(open, known, *publish);
    } else if (const auto* pubrel = std::get_if<Pubrel>(&packet)) {
      known.taken.erase(pubrel->packet_id);
      open.owed.emplace_back(Pubcomp{{pubrel->packet_id, Reason::success, {}}});
    } else if (const auto* pubrec = std::get_if<Pubrec>(&packet)) {
      if (!is_error(pubrec->reason)) say(open, Pubrel{{pubrec->packet_id, Reason::success, {}}});
    }
  }

  void take_publish(Open& open, Known& known, const Publish& publish) {
    if (known.wild) return;
    if (publish.qos == QoS::at_most_once) return require(!publish.dup, "no DUP with QoS 0");
    require(publish.packet_id != 0, "there is a packet identifier");
    require(open.under_way.emplace(publish.packet_id, publish.qos).second, "a packet identifier is not used twice");
    require(open.under_way.size() <= open.receive_max, "no more is under way than Receive Maximum");
    if (publish.qos == QoS::at_least_once) {
      open.owed.emplace_back(Puback{{publish.packet_id, Reason::success, {}}});
    } else {
      open.owed.emplace_back(Pubrec{{publish.packet_id, Reason::success, {}}});
      if (!known.taken.insert(publish.packet_id).second) return require(publish.dup, "what is sent again has DUP");
    }
    const std::string payload(publish.payload);
    const std::size_t space = payload.find(' ');
    if (space == std::string::npos) return;  // retained, or a will
    if (publish.qos == QoS::exactly_once) require(known.got_qos2.insert(payload).second, "QoS 2 is once");
    const std::size_t second = payload.find(' ', space + 1);
    // A subscription's QoS may change between an attempt and the next.
    unsigned& last =
        known.last[payload.substr(0, space) + payload.substr(second) + (publish.qos == QoS::exactly_once ? "2" : "1")];
    const auto number = static_cast<unsigned>(std::stoul(payload.substr(space + 1)));
    if (!publish.dup) require(number > last, "what one publisher sent comes in order");
    last = std::max(last, number);
  }

  std::string_view bytes_;
  Limits limits_;
  std::array<std::string, clients> ids_ = {"one", "two", "three"};
  std::unique_ptr<MqttWorld> before_;
  std::unique_ptr<MqttWorld> world_ = std::make_unique<MqttWorld>();
  std::array<Open, clients> open_;  // gone before the worlds that they are in
  std::array<Known, clients> known_;
  unsigned lives_ = 0;
  unsigned connections_ = 0;
};

}  // namespace
}  // namespace parley::mqtt

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  parley::mqtt::Run(data, size).go();
  return 0;
}
