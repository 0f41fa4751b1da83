#pragma once

// Replicas of the broker's core over one store and one bus, without sockets, clock or threads. The test runs the queues step by
// step, in any order it likes.

#include <memory>
#include <string>
#include <vector>

#include "tests/fakes/memory_bus.h"
#include "tests/unit/core/world.h"

namespace parley::testing_world {

struct Replica {
  Replica(const std::string& name, fakes::MemoryStore& shared, fakes::MemoryBusHub& bus_hub, const Clock& clock,
          LogSettings settings, HubSettings hub_settings)
      : store(log_executor, shared),
        bus(bus_hub.door(log_executor)),
        log(store, clock, named(std::move(settings), name), bus.get()) {
    for (int i = 0; i < 2; ++i) workers.push_back(std::make_unique<Worker>(log, log_executor, clock, hub_settings));
    log.start();
  }
  static LogSettings named(LogSettings settings, const std::string& name) {
    settings.catch_up.replicated = true;
    settings.peers.replica = name;
    return settings;
  }

  bool step(std::uint64_t which) {
    const std::size_t queue = which % (workers.size() + 1);
    return queue == 0 ? log_executor.step() : workers[queue - 1]->executor.step();
  }
  bool run() {
    bool ran = log_executor.run() > 0;
    for (auto& worker : workers) ran = worker->executor.run() > 0 || ran;
    return ran;
  }

  fakes::ManualExecutor log_executor;
  fakes::MemoryStore store;
  std::unique_ptr<fakes::MemoryBusHub::Door> bus;
  Log log;
  std::vector<std::unique_ptr<Worker>> workers;
};

class ClusterWorld {
 public:
  explicit ClusterWorld(LogSettings settings = {}, NativeSettings native_settings = {}, HubSettings hub_settings = {})
      : shared(nobody), bus(clock), native(native_settings) {
    for (const char* name : {"north", "south"}) {
      replicas.push_back(std::make_unique<Replica>(name, shared, bus, clock, settings, hub_settings));
    }
    run();
  }

  struct Client {
    KeptTransport transport;
    std::unique_ptr<NativeSession> session;
    void say(std::string_view text) { session->on_text(text); }
    std::vector<std::string> heard() { return transport.take(); }
  };
  std::unique_ptr<Client> client(std::size_t replica, std::size_t worker, const std::string& name) {
    auto made = std::make_unique<Client>();
    Hub& hub = replicas[replica]->workers[worker]->hub;
    made->session = std::make_unique<NativeSession>(hub, made->transport, authenticator, random, native);
    made->say(R"({"op":"connect","id":1,"token":")" + name + "\"}");
    made->heard();
    return made;
  }

  // Runs everything until all queues are empty; the bus delivers what waits.
  void run() {
    for (bool busy = true; busy;) {
      busy = false;
      for (auto& replica : replicas) busy = replica->run() || busy;
      if (bus.waiting() > 0) {
        bus.deliver_all();
        busy = true;
      }
    }
  }
  // Lets that much time pass, 10 ms at a time.
  void pass(MonoMs ms) {
    for (MonoMs passed = 0; passed < ms; passed += 10) {
      clock.tick(10);
      for (auto& replica : replicas) {
        replica->log.work();
        if ((clock.mono_ms() / 10) % 100 == 0) replica->log.tick();
      }
      run();
    }
  }
  std::vector<std::string> ask(Client& client, std::string_view text) {
    client.say(text);
    run();
    return client.heard();
  }

  fakes::FakeClock clock;
  fakes::SeededRandom random;
  fakes::ManualExecutor nobody;
  fakes::MemoryStore shared;
  fakes::MemoryBusHub bus;
  NativeSettings native;
  NameAuthenticator authenticator;
  std::vector<std::unique_ptr<Replica>> replicas;
};

}  // namespace parley::testing_world
