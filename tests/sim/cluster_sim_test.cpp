// Two replicas over one store under random orders of events: a bus that loses, doubles, delays and reorders messages or is away,
// loops that run when they like, commits that fail or wait, answers of storage that come late, clients that move between the
// replicas and resume, listeners by filter that have loaded nothing. The promises are checked for every client at every step:
// one sequence, in order, complete, once, whatever the bus does. A failing seed repeats exactly.

#include "tests/sim/cluster_world.h"
#include "tests/sim/filter_listener.h"
#include "tests/sim/simulation.h"

namespace parley {
namespace {

using World = testing_world::ClusterWorld;

class ClusterSimulation final : public sim::Simulation<World> {
 public:
  explicit ClusterSimulation(std::uint64_t seed) : Simulation(seed, 5, settings()) {
    for (auto& replica : world_.replicas) listeners_.push_back(std::make_unique<testing_world::FilterListener>(replica->log));
    world_.run();
    arrive_all();
  }

 private:
  static LogSettings settings() {
    LogSettings settings;
    settings.catch_up.page_entries = 4;
    settings.catch_up.heads_poll_ms = 200;
    return settings;
  }
  std::unique_ptr<World::Client> connect(const std::string& name) override { return world_.client(pick(2), pick(2), name); }
  fakes::MemoryStore& store() override { return world_.replicas[0]->store; }

  void step() override {
    Person& person = somebody();
    switch (pick(20)) {
      case 0:
      case 1:
      case 2:
        return publish(person);
      case 3:
        return subscribe(person);
      case 4:
        return acknowledge(person);
      case 5:
        return congest(person);
      case 6:
        return trouble();
      case 7:
        return bus_trouble();
      case 8:
      case 9:
        return carry();
      default:
        turn_some_loop();
    }
  }

  void turn_some_loop() {
    testing_world::Replica& replica = *world_.replicas[pick(2)];
    if (pick(8) == 0) {
      world_.clock.tick(static_cast<MonoMs>(pick(20)));
      replica.log.work();
    }
    replica.step(pick(3));
  }

  // The bus brings some message, not always the oldest.
  void carry() {
    if (world_.bus.waiting() > 0) world_.bus.deliver(pick(4) == 0 ? pick(world_.bus.waiting()) : 0);
  }

  void bus_trouble() {
    const bool waits = world_.bus.waiting() > 0;
    switch (pick(12)) {
      case 0:
        world_.bus.set_up(false);
        break;
      case 1:
      case 2:
        world_.bus.set_up(true);
        break;
      case 3:
        world_.replicas[pick(2)]->bus->set_connected(pick(2) == 0);
        break;
      case 4:
      case 5:
      case 6:
        if (waits) world_.bus.lose(pick(world_.bus.waiting()));
        break;
      default:
        if (waits) world_.bus.repeat(pick(world_.bus.waiting()));
    }
  }

  void trouble() {
    testing_world::Replica& replica = *world_.replicas[pick(2)];
    switch (pick(10)) {
      case 0:
        replica.store.fail_appends(1);
        break;
      case 1:
        replica.store.hold_commits();
        break;
      case 2:
      case 3:
        replica.store.release_commits();
        break;
      case 4:
        replica.store.fail_others(pick(2) == 0);
        break;
      case 5:
        move(somebody());
        break;
      case 6:
        replica.store.hold_answers(pick(3) == 0);
        break;
      case 7:
        replica.store.release_answers();
        break;
      default:
        for (auto& worker : replica.workers) worker->hub.tick();
        replica.log.tick();
    }
  }

  // The connection breaks; the client comes back on some replica and resumes where it stood. What was not answered stays unknown.
  void move(Person& person) {
    person.client = connect(person.name);
    person.asked.clear();
    person.subscribing.clear();
    for (const auto& [where, seq] : person.last) subscribe_at(person, where, seq);
  }

  // Everything comes to rest: readers read, commits go through. Then everybody has everything, and what was acked is in the log
  // once.
  void finish() override {
    // With the bus or without it: storage alone must be enough.
    const bool with_bus = pick(2) == 0;
    world_.bus.set_up(with_bus);
    for (auto& replica : world_.replicas) {
      replica->bus->set_connected(with_bus);
      replica->store.fail_appends(0);
      replica->store.fail_others(false);
      replica->store.hold_answers(false);
      replica->store.release_answers();
      replica->store.release_commits();
    }
    for (int round = 0; round < 150; ++round) {
      relax();
      for (auto& replica : world_.replicas) {
        for (auto& worker : replica->workers) worker->hub.tick();
      }
      world_.pass(50);
      for (Person& person : people_) listen(person);
    }
    check_rooms();
    for (std::uint64_t i = 0; i < rooms_max_; ++i) {
      const std::optional<RoomInfo> info = look_up(room(i));
      if (!info) continue;
      // They were there before the room was.
      for (auto& listener : listeners_) {
        EXPECT_EQ(listener->last[room(i)], info->head) << "by filter, " << room(i);
        EXPECT_EQ(listener->before[room(i)], 0U) << "by filter, " << room(i);
      }
    }
  }

  std::vector<std::unique_ptr<testing_world::FilterListener>> listeners_;
};

TEST(ClusterSimulation, TwoReplicasAreOneBrokerWhateverTheBusDoes) {
  std::uint64_t acked = 0;
  std::uint64_t delivered = 0;
  const std::uint64_t seeds = sim::seeds_or(40);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ClusterSimulation simulation(seed);
    simulation.run(4000);
    acked += simulation.acked();
    delivered += simulation.delivered();
    if (HasFailure()) break;
  }
  // The simulation itself must have done something.
  EXPECT_GT(acked, 50 * seeds);
  EXPECT_GT(delivered, 100 * seeds);
}

}  // namespace
}  // namespace parley
