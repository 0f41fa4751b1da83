#pragma once

// A broker core that speaks MQTT, without sockets, clock or threads: one log with its registry, two workers. The test runs the
// queues step by step, so any order of events can be had.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/core/mqtt/client.h"
#include "broker/protocol/mqtt/encode.h"
#include "broker/protocol/mqtt/packet_reader.h"
#include "tests/unit/core/world.h"

namespace parley::mqtt::testing {

using testing_world::NameAuthenticator;

// The password of everybody is "secret".
class Passwords final : public PasswordLogin {
 public:
  explicit Passwords(Executor& executor) : executor_(executor) {}
  void check(std::string name, std::string password, std::string, UniqueFunction<void(Result<SubjectPtr>)> done) override {
    Result<SubjectPtr> answer = Error{Code::unauthorized, "wrong name or password"};
    if (password == "secret") {
      auto subject = std::make_shared<Subject>();
      subject->user_id = "u_" + name;
      subject->name = name;
      answer = SubjectPtr(subject);
    }
    executor_.post([answer = std::move(answer), done = std::move(done)]() mutable { done(std::move(answer)); });
  }

 private:
  Executor& executor_;
};

// Tokens are not taken, so that passwords are asked.
class GuestsOnly final : public Authenticator {
 public:
  Result<Login> verify(std::string_view, UnixMs) const override { return {Code::unauthorized, "no token"}; }
  Result<SubjectPtr> guest(std::string_view) override {
    if (!guests) return {Code::unauthorized, "guests are not allowed"};
    auto subject = std::make_shared<Subject>();
    subject->user_id = "g_" + std::to_string(++made);
    subject->name = "guest-" + std::to_string(made);
    subject->guest = true;
    return SubjectPtr(subject);
  }
  Result<Login> admit(SubjectPtr, UnixMs) const override { return {Code::internal, "MQTT clients are given no token"}; }
  bool guests = true;
  int made = 0;
};

// One connection: what the test sends, and the packets that came.
class Peer final : public Transport {
 public:
  Peer(Exchange& exchange, Version its_version)
      : version(its_version), reader_(limits_, its_version), client(std::make_unique<Client>(exchange, *this, "192.0.2.1")) {}

  void send(Frame frame) override {
    if (!closed) bytes += frame.bytes();
  }
  bool congested() const override { return is_congested; }
  void pause_reading(bool on) override { paused = on; }
  void close(std::uint16_t, std::string_view) override { closed = true; }

  void say(const Packet& packet) {
    const Frame frame = encode(packet, Receiver{version});
    client->on_bytes(frame.bytes());
  }
  // The packets since the last call. Views in them are valid until the next call.
  std::vector<Packet> take() {
    taken_ = std::exchange(bytes, {});
    std::vector<Packet> packets;
    std::string_view rest = taken_;
    for (;;) {
      Packet packet;
      Violation violation;
      if (reader_.next(rest, packet, violation) != PacketReader::Step::packet) return packets;
      packets.push_back(std::move(packet));
    }
  }
  template <typename P>
  std::vector<P> take_all() {
    std::vector<P> found;
    for (Packet& packet : take()) {
      if (auto* p = std::get_if<P>(&packet)) found.push_back(std::move(*p));
    }
    return found;
  }

  Version version;
  std::string bytes;
  bool is_congested = false;
  bool paused = false;
  bool closed = false;

 private:
  Limits limits_;
  PacketReader reader_;
  std::string taken_;

 public:
  std::unique_ptr<Client> client;
};

class MqttWorld : public TakeOver, public ShareDelivery {
 public:
  explicit MqttWorld(LogSettings log_settings = {}) : MqttWorld(nullptr, "broker", std::move(log_settings)) {}
  // On the storage of another one, which has crashed when it is not run any more.
  MqttWorld(fakes::MemoryStore* storage, std::string owner, LogSettings log_settings = {})
      : store(storage == nullptr ? fakes::MemoryStore(log_executor) : fakes::MemoryStore(log_executor, *storage)),
        log(store, clock, std::move(log_settings)),
        registry(log, clock, HashKey{1, 2}, registry_settings(std::move(owner)), *this, &store),
        shares(log, HashKey{5, 6}, *this) {
    for (int i = 0; i < 2; ++i) {
      auto worker = std::make_unique<Worker>(*this);
      workers.push_back(std::move(worker));
    }
  }

  struct Worker {
    explicit Worker(MqttWorld& world)
        : hub(Remote<Log>(world.log, world.log_executor, executor), world.clock, counters, HubSettings{}),
          queue(executor, hub),
          passwords(executor),
          exchange({hub, executor, Remote<Registry>(world.registry, world.log_executor, executor),
                    Remote<Shares>(world.shares, world.log_executor, executor), world.authenticator, passwords, world.random,
                    world.settings, mqtt_counters},
                   HashKey{3, 4}) {
      hub.set_follower(world.log.add_follower(queue));
    }
    fakes::ManualExecutor executor;
    WorkerCounters counters;
    Counters mqtt_counters;
    Hub hub;
    FollowerQueue queue;
    Passwords passwords;
    Exchange exchange;
  };

  void take_over(Owner owner) override {
    for (auto& worker : workers) {
      if (worker->hub.follower() != owner.worker) continue;
      worker->executor.post([exchange = &worker->exchange, client = owner.client] { exchange->take_over(client); });
    }
  }

  void deliver_shared(ShareMember member, const std::string& filter, const std::shared_ptr<const std::string>& room,
                      EntryPtr entry) override {
    for (auto& worker : workers) {
      if (worker->hub.follower() != member.worker) continue;
      worker->executor.post([exchange = &worker->exchange, member, filter, room, entry] {
        exchange->deliver_shared(member.session, filter, *room, entry);
      });
    }
  }

  void run() {
    for (bool busy = true; busy;) {
      log.end_turn();
      busy = log_executor.run() > 0;
      for (auto& worker : workers) busy = worker->executor.run() > 0 || busy;
    }
  }
  void tick(MonoMs ms) {
    clock.tick(ms);
    registry.tick();
    run();
  }

  // The same, and the workers' ticks: what is saved now and then is saved.
  void later(MonoMs ms) {
    clock.tick(ms);
    for (auto& worker : workers) worker->exchange.tick();
    registry.tick();
    run();
  }

  // A connection that has been let in.
  struct Wish {
    Version version = Version::v5;
    bool clean = true;
    std::uint32_t expiry_s = 0;
    std::uint16_t receive_maximum = 0;
    int worker = 0;
  };
  std::unique_ptr<Peer> connect(std::string_view client_id, Wish wish) {
    auto peer = std::make_unique<Peer>(workers[wish.worker]->exchange, wish.version);
    Connect packet;
    packet.version = wish.version;
    packet.client_id = client_id;
    packet.clean_start = wish.clean;
    if (wish.expiry_s != 0) packet.properties.session_expiry_interval_s = wish.expiry_s;
    if (wish.receive_maximum != 0) packet.properties.receive_maximum = wish.receive_maximum;
    peer->say(packet);
    run();
    return peer;
  }
  std::unique_ptr<Peer> connect(std::string_view client_id) { return connect(client_id, Wish{}); }
  static Connack connack(Peer& peer) {
    for (Packet& packet : peer.take()) {
      if (auto* connack = std::get_if<Connack>(&packet)) return *connack;
    }
    return {false, Reason::unspecified_error, {}};
  }
  std::vector<Reason> subscribe(Peer& peer, std::string_view filter, QoS qos, std::uint32_t id = 0) {
    Subscribe packet;
    packet.packet_id = 1;
    if (id != 0) packet.properties.subscription_id = id;
    packet.subscriptions.push_back({filter, qos, false, false, RetainHandling::send});
    peer.say(packet);
    run();
    for (const Suback& suback : peer.take_all<Suback>()) return suback.reasons;
    return {};
  }
  void publish(Peer& peer, std::string_view topic, std::string_view payload, QoS qos = QoS::at_least_once, bool retain = false) {
    Publish packet;
    packet.topic = topic;
    packet.payload = payload;
    packet.qos = qos;
    packet.retain = retain;
    if (qos != QoS::at_most_once) packet.packet_id = ++packet_id_;
    peer.say(packet);
    run();
    if (qos == QoS::exactly_once) {
      peer.say(Pubrel{{packet.packet_id, Reason::success, {}}});
      run();
    }
  }

  fakes::FakeClock clock;
  fakes::SeededRandom random;
  fakes::ManualExecutor log_executor;
  fakes::MemoryStore store;
  Log log;
  Settings settings;
  GuestsOnly authenticator;
  Registry registry;
  Shares shares;
  std::vector<std::unique_ptr<Worker>> workers;

 private:
  static RegistrySettings registry_settings(std::string owner) {
    RegistrySettings settings;
    settings.owner = std::move(owner);
    return settings;
  }
  std::uint16_t packet_id_ = 100;
};

inline std::vector<std::string> payloads(Peer& peer) {
  std::vector<std::string> out;
  for (const Publish& publish : peer.take_all<Publish>()) out.emplace_back(publish.payload);
  return out;
}

}  // namespace parley::mqtt::testing
