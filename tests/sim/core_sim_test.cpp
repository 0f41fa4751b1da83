// The whole core under random orders of events: loops that run when they like, commits that fail or wait, readers that stop
// reading, cursors that move, sessions that end in the middle of anything. The promises are checked for every client at every
// step. A failing seed repeats exactly.

#include "tests/sim/simulation.h"

namespace parley {
namespace {

using testing_world::World;

class CoreSimulation final : public sim::Simulation<World> {
 public:
  explicit CoreSimulation(std::uint64_t seed) : Simulation(seed, 3, {}) { arrive_all(); }

 private:
  std::unique_ptr<World::Client> connect(const std::string& name) override {
    return world_.client(static_cast<int>(pick(2)), name);
  }
  fakes::MemoryStore& store() override { return world_.store; }

  void step() override {
    Person& person = somebody();
    switch (pick(14)) {
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
      default:
        turn_some_loop();
    }
  }

  void turn_some_loop() {
    if (pick(3) == 0) {
      world_.log_executor.step();
    } else {
      world_.workers[pick(2)]->executor.step();
    }
  }

  void trouble() {
    switch (pick(6)) {
      case 0:
        world_.store.fail_appends(1);
        break;
      case 1:
        world_.store.hold_commits();
        break;
      case 2:
      case 3:
        world_.store.release_commits();
        break;
      case 4: {
        // Somebody's connection breaks; another takes the place. What was not answered stays unknown.
        const std::size_t i = pick(people_.size());
        people_[i] = arrive(i);
        break;
      }
      default:
        for (auto& worker : world_.workers) worker->hub.tick();
        world_.log.tick();
    }
  }

  // Everything comes to rest: readers read, commits go through. Then everybody has everything, and what was acked is in the log
  // once.
  void finish() override {
    world_.store.fail_appends(0);
    world_.store.release_commits();
    for (int round = 0; round < 200; ++round) {
      relax();
      for (auto& worker : world_.workers) worker->hub.tick();
      world_.run();
      for (Person& person : people_) listen(person);
    }
    check_rooms();
  }
};

TEST(CoreSimulation, PromisesHoldInAnyOrderOfEvents) {
  std::uint64_t acked = 0;
  std::uint64_t delivered = 0;
  const std::uint64_t seeds = sim::seeds_or(30);
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    CoreSimulation simulation(seed);
    simulation.run(3000);
    acked += simulation.acked();
    delivered += simulation.delivered();
    if (HasFailure()) break;
  }
  // The simulation itself must have done something.
  EXPECT_GT(acked, 100 * seeds);
  EXPECT_GT(delivered, 200 * seeds);
}

}  // namespace
}  // namespace parley
