#pragma once

// What the simulations share: clients that publish, subscribe, acknowledge and stop reading in any order, and the promises that
// are checked for every client at every step. A simulation makes the world, chooses the steps and runs the queues.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "broker/protocol/json.h"
#include "tests/unit/core/world.h"

namespace parley::sim {

constexpr int clients_max = 8;

// How many seeds to try, unless PARLEY_SIM_SEEDS says otherwise.
inline std::uint64_t seeds_or(std::uint64_t usual) {
  const char* text = std::getenv("PARLEY_SIM_SEEDS");
  return text == nullptr ? usual : std::stoull(text);
}

template <typename World>
class Simulation {
 public:
  virtual ~Simulation() = default;
  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      step();
      for (Person& each : people_) listen(each);
    }
    finish();
  }
  std::uint64_t acked() const { return acked_.size(); }
  std::uint64_t delivered() const { return delivered_; }

 protected:
  // What one client knows, and whether the broker keeps its promises to it.
  struct Person {
    std::unique_ptr<typename World::Client> client;
    std::string name;
    std::map<std::string, Seq> last;             // per room: the last entry that arrived, from the position subscribed at
    std::map<std::string, bool> settled;         // per room: whether the reply to the newest subscribe has come
    std::map<std::uint64_t, std::string> asked;  // publishes not answered yet: id to "user room cid"
    std::map<std::uint64_t, std::string> subscribing;
  };

  Simulation(std::uint64_t seed, std::uint64_t rooms, LogSettings log_settings)
      : random_(seed), rooms_max_(rooms), world_(small(log_settings), native_settings(), hub_settings()) {}

  // ---- what each simulation adds
  virtual void step() = 0;
  virtual void finish() = 0;
  virtual std::unique_ptr<typename World::Client> connect(const std::string& name) = 0;
  virtual fakes::MemoryStore& store() = 0;

  std::uint64_t pick(std::uint64_t below) { return random_.next() % below; }
  static std::string room(std::uint64_t i) { return "room-" + std::to_string(i); }
  Person& somebody() { return people_[pick(people_.size())]; }

  Person arrive(std::size_t i) {
    Person person;
    person.name = "user" + std::to_string(i % 4);  // some people have two devices
    person.client = connect(person.name);
    return person;
  }
  void arrive_all() {
    for (std::size_t i = 0; i < clients_max; ++i) people_.push_back(arrive(i));
  }

  // ---- what clients do
  void publish(Person& person) {
    const std::uint64_t id = ++ids_;
    const std::string where = room(pick(rooms_max_));
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
    const std::string where = room(pick(rooms_max_));
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

  // Everybody reads and acknowledges again.
  void relax() {
    for (Person& person : people_) {
      if (person.client->transport.is_congested) congest(person);
      acknowledge(person);
    }
  }

  // ---- what they hear
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

  void check_room(const std::string& where) {
    const std::optional<RoomInfo> info = look_up(where);
    if (!info) return;
    std::map<std::string, Seq> in_log;
    store().read(info->id, 0, 1'000'000, 1U << 30U, [&](Result<LogPage> page) {
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
  void check_rooms() {
    for (std::uint64_t i = 0; i < rooms_max_; ++i) check_room(room(i));
  }
  std::optional<RoomInfo> look_up(const std::string& where) {
    std::optional<RoomInfo> info;
    store().find_room(where, [&](Result<RoomInfo> found) {
      if (found) info = std::move(found).value();
    });
    world_.run();
    return info;
  }

 private:
  // Small, so that every limit is met.
  static LogSettings small(LogSettings settings) {
    settings.rooms.tail_entries = 12;
    settings.batches.batch_entries = 5;
    settings.rooms.cached = 2;
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
      // Nobody is told before it is in the log: what every other store over the same data sees at this moment.
      ASSERT_LE(seq, committed_head(asked->second)) << "acknowledged before it was committed: " << asked->second;
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

  Seq committed_head(const std::string& what) {
    const std::size_t from = what.find(' ') + 1;
    return store().head_of(what.substr(from, what.find(' ', from) - from));
  }

 protected:
  fakes::SeededRandom random_;
  std::uint64_t rooms_max_;
  World world_;
  std::vector<Person> people_;

 private:
  std::uint64_t ids_ = 100;
  std::map<std::string, std::vector<std::string>> used_;
  std::map<std::string, Seq> acked_;            // "user room cid" to seq
  std::map<std::string, std::string> content_;  // "room seq" to cid
  std::uint64_t delivered_ = 0;
};

}  // namespace parley::sim
