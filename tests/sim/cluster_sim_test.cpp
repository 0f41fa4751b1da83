// Two replicas over one store under random orders of events: a bus that loses, doubles, delays and reorders messages or is away,
// loops that run when they like, commits that fail or wait, clients that move between the replicas and resume. The promises are
// checked for every client at every step: one sequence, in order, complete, once, whatever the bus does. A failing seed repeats
// exactly.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "broker/protocol/json.h"
#include "tests/sim/cluster_world.h"

namespace parley {
namespace {

using World = testing_world::ClusterWorld;

constexpr int clients_max = 8;
constexpr int rooms_max = 3;

// What one client knows, and whether the broker keeps its promises to it.
struct Person {
  std::unique_ptr<World::Client> client;
  std::string name;
  std::map<std::string, Seq> last;             // per room: the last entry that arrived, from the position subscribed at
  std::map<std::string, bool> settled;         // per room: whether the reply to the newest subscribe has come
  std::map<std::uint64_t, std::string> asked;  // publishes not answered yet: id to "room cid"
  std::map<std::uint64_t, std::string> subscribing;
};

class ClusterSimulation {
 public:
  explicit ClusterSimulation(std::uint64_t seed) : random_(seed), world_(log_settings(), native_settings(), hub_settings()) {
    for (int i = 0; i < clients_max; ++i) people_.push_back(arrive(i));
  }

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) step();
    finish();
  }

  std::uint64_t acked() const { return acked_.size(); }
  std::uint64_t delivered() const { return delivered_; }

 private:
  static LogSettings log_settings() {
    LogSettings settings;
    settings.rooms.tail_entries = 12;
    settings.batches.batch_entries = 5;
    settings.rooms.cached = 2;
    settings.catch_up.page_entries = 4;
    settings.catch_up.heads_poll_ms = 200;
    return settings;
  }
  static NativeSettings native_settings() {
    NativeSettings settings;
    settings.limits.window = 10;
    settings.limits.inflight = 1000;
    return settings;
  }
  static HubSettings hub_settings() {
    HubSettings settings;
    settings.tail_entries = 8;
    settings.page_entries = 5;
    settings.pages_under_way = 2;
    return settings;
  }

  std::uint64_t pick(std::uint64_t below) { return random_.next() % below; }
  std::string room(std::uint64_t i) { return "room-" + std::to_string(i); }

  Person arrive(int i) {
    Person person;
    person.name = "user" + std::to_string(i % 4);  // some people have two devices
    person.client = world_.client(pick(2), pick(2), person.name);
    return person;
  }

  void step() {
    Person& person = people_[pick(people_.size())];
    switch (pick(20)) {
      case 0:
      case 1:
      case 2:
        publish(person);
        break;
      case 3:
        subscribe(person);
        break;
      case 4:
        acknowledge(person);
        break;
      case 5:
        congest(person);
        break;
      case 6:
        trouble();
        break;
      case 7:
        bus_trouble();
        break;
      case 8:
      case 9:
        carry();
        break;
      default:
        turn_some_loop();
    }
    for (Person& each : people_) listen(each);
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

  void publish(Person& person) {
    const std::uint64_t id = ++ids_;
    const std::string where = room(pick(rooms_max));
    // Every fourth repeats a cid that this user has used before, with the same body.
    std::string cid = "c" + std::to_string(id);
    std::vector<std::string>& used = used_[person.name + where];
    if (!used.empty() && pick(4) == 0) {
      cid = used[pick(used.size())];
    } else {
      used.push_back(cid);
    }
    person.asked[id] = person.name + " " + where + " " + cid;
    person.client->say(R"({"op":"publish","id":)" + std::to_string(id) + R"(,"room":")" + where + R"(","cid":")" + cid +
                       R"(","body":{"text":")" + cid + "\"}}");
  }

  void subscribe(Person& person) {
    const std::string where = room(pick(rooms_max));
    if (pick(5) == 0) {
      person.client->say(R"({"op":"unsubscribe","room":")" + where + "\"}");
      person.last.erase(where);
      return;
    }
    // From where it stands, or from the beginning.
    const bool resume = person.last.contains(where) && pick(2) == 0;
    subscribe_at(person, where, resume ? person.last[where] : 0);
  }

  void subscribe_at(Person& person, const std::string& where, Seq since) {
    const std::uint64_t id = ++ids_;
    person.last[where] = since;
    person.settled[where] = false;
    person.subscribing[id] = where;
    person.client->say(R"({"op":"subscribe","id":)" + std::to_string(id) + R"(,"room":")" + where + R"(","since":)" +
                       std::to_string(since) + "}");
  }

  void acknowledge(Person& person) {
    for (const auto& [where, seq] : person.last) {
      if (person.settled[where] && seq > 0)
        person.client->say(R"({"op":"ack","room":")" + where + R"(","seq":)" + std::to_string(seq) + "}");
    }
  }

  void congest(Person& person) {
    person.client->transport.is_congested = !person.client->transport.is_congested;
    if (!person.client->transport.is_congested) person.client->session->on_drained();
  }

  void trouble() {
    testing_world::Replica& replica = *world_.replicas[pick(2)];
    switch (pick(7)) {
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
        move(people_[pick(people_.size())]);
        break;
      default:
        for (auto& worker : replica.workers) worker->hub.tick();
        replica.log.tick();
    }
  }

  // The connection breaks; the client comes back on some replica and resumes where it stood. What was not answered stays unknown.
  void move(Person& person) {
    person.client = world_.client(pick(2), pick(2), person.name);
    person.asked.clear();
    person.subscribing.clear();
    for (const auto& [where, seq] : person.last) subscribe_at(person, where, seq);
  }

  void listen(Person& person) {
    for (const std::string& text : person.client->heard()) {
      const Result<json::Object> event = json::Object::parse(text);
      ASSERT_TRUE(event.ok()) << text;
      if (event->has("re")) {
        reply(person, *event, text);
      } else if (event->has("seq")) {
        entry(person, *event, text);
      }
    }
  }

  void reply(Person& person, const json::Object& event, const std::string& text) {
    const std::uint64_t id = **event.integer("re");
    if (const auto subscribed = person.subscribing.find(id); subscribed != person.subscribing.end()) {
      const std::string where = subscribed->second;
      person.subscribing.erase(subscribed);
      const bool newest = std::none_of(person.subscribing.begin(), person.subscribing.end(),
                                       [&](const auto& other) { return other.second == where; });
      if (!event.has("error")) {
        ASSERT_TRUE(**event.boolean("recovered")) << text;
        person.settled[where] = newest;
      } else if (newest) {
        person.last.erase(where);  // refused, or given up meanwhile
      }
      return;
    }
    const auto asked = person.asked.find(id);
    if (asked == person.asked.end()) return;
    if (!event.has("error")) {
      const Seq seq = **event.integer("seq");
      const auto [known, fresh] = acked_.try_emplace(asked->second, seq);
      ASSERT_EQ(known->second, seq) << "a repeat got another number: " << asked->second;
    }
    person.asked.erase(asked);
  }

  void entry(Person& person, const json::Object& event, const std::string& text) {
    const std::string where = **event.string("room");
    // Frames of a cursor that was given up or replaced may still arrive before the reply to the newer subscribe.
    if (!person.last.contains(where) || !person.settled[where]) return;
    const Seq seq = **event.integer("seq");
    ASSERT_EQ(seq, person.last[where] + 1) << person.name << " " << text;
    person.last[where] = seq;
    ++delivered_;
    const auto [known, fresh] = content_.try_emplace(where + " " + std::to_string(seq), **event.string("cid"));
    ASSERT_EQ(known->second, **event.string("cid")) << "one number, two entries: " << text;
  }

  // Everything comes to rest: readers read, commits go through. Then everybody has everything, and what was acked is in the log
  // once.
  void finish() {
    // With the bus or without it: storage alone must be enough.
    const bool with_bus = pick(2) == 0;
    world_.bus.set_up(with_bus);
    for (auto& replica : world_.replicas) {
      replica->bus->set_connected(with_bus);
      replica->store.fail_appends(0);
      replica->store.fail_others(false);
      replica->store.release_commits();
    }
    for (int round = 0; round < 150; ++round) {
      for (Person& person : people_) {
        if (person.client->transport.is_congested) congest(person);
        acknowledge(person);
      }
      for (auto& replica : world_.replicas) {
        for (auto& worker : replica->workers) worker->hub.tick();
      }
      world_.pass(50);
      for (Person& person : people_) listen(person);
    }
    for (std::uint64_t i = 0; i < rooms_max; ++i) check_room(room(i));
  }

  void check_room(const std::string& where) {
    fakes::MemoryStore& store = world_.replicas[0]->store;
    std::optional<RoomInfo> info;
    store.find_room(where, [&](Result<RoomInfo> found) {
      if (found) info = std::move(found).value();
    });
    world_.run();
    if (!info) return;
    std::map<std::string, Seq> in_log;
    store.read(info->id, 0, 1'000'000, 1U << 30U, [&](Result<LogPage> page) {
      Seq next = 1;
      for (const EntryPtr& entry : page->entries) {
        EXPECT_EQ(entry->seq, next++);
        EXPECT_TRUE(in_log.try_emplace(entry->user_name + " " + where + " " + entry->cid, entry->seq).second)
            << "twice in the log: " << entry->cid;
      }
    });
    world_.run();
    for (const auto& [what, seq] : acked_) {
      if (what.find(" " + where + " ") == std::string::npos) continue;
      ASSERT_TRUE(in_log.contains(what)) << "acked and lost: " << what;
      EXPECT_EQ(in_log[what], seq);
    }
    for (Person& person : people_) {
      if (person.last.contains(where)) {
        EXPECT_EQ(person.last[where], info->head) << person.name << " misses entries of " << where;
      }
    }
  }

  fakes::SeededRandom random_;
  World world_;
  std::vector<Person> people_;
  std::uint64_t ids_ = 100;
  std::map<std::string, std::vector<std::string>> used_;
  std::map<std::string, Seq> acked_;            // "user room cid" to seq
  std::map<std::string, std::string> content_;  // "room seq" to cid
  std::uint64_t delivered_ = 0;
};

TEST(ClusterSimulation, TwoReplicasAreOneBrokerWhateverTheBusDoes) {
  std::uint64_t acked = 0;
  std::uint64_t delivered = 0;
  const char* seeds_text = std::getenv("PARLEY_SIM_SEEDS");
  const std::uint64_t seeds = seeds_text == nullptr ? 40 : std::stoull(seeds_text);
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
