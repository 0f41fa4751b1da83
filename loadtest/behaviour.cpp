#include "loadtest/behaviour.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "loadtest/monotonic.h"

namespace parley::loadtest {

namespace {

constexpr double ns_per_s = 1e9;

bool subscribes(Stage& stage, std::uint32_t client) { return !stage.plan()[client].filters.empty(); }

// fanout, chat, iot: nothing but the feed; some subscribers may stop reading.
class Plain final : public Behaviour {
 public:
  void measure(Stage& stage) override {
    std::uint32_t left = stage.options().stalled;
    for (std::uint32_t i = 0; left > 0 && i < stage.fleet().size(); ++i) {
      if (!subscribes(stage, i)) continue;
      stage.fleet().client(i).pause_reading();
      --left;
    }
  }
  void drain(Stage& stage) override {
    for (std::uint32_t i = 0; i < stage.fleet().size(); ++i) stage.fleet().client(i).resume_reading();
  }
};

// connect: a storm, then one message in every room, to see that each subscription is one.
class Storm final : public Behaviour {
 public:
  void warm_up(Stage&) override {}
  void measure(Stage& stage) override {
    for (Ledger::StreamId stream = 0; stream < stage.ledger().streams(); ++stream) stage.feed().publish_one(stream, now_ns());
    stage.finish_measuring();
  }
};

// resume: again and again all subscribers lose their connections at once and come back, while publishing goes on.
class Resume final : public Behaviour {
 public:
  void measure(Stage& stage) override { due_ = now_ns() + period(stage) / 2; }
  void tick(Stage& stage, std::int64_t now) override {
    if (broken_ != 0 && missing_ == 0) {
      longest_ = std::max(longest_, static_cast<double>(now - broken_) / ns_per_s);
      broken_ = 0;
    }
    if (now < due_ || missing_ != 0) return;
    due_ = now + period(stage);
    broken_ = now;
    for (std::uint32_t i = 0; i < stage.fleet().size(); ++i) {
      if (!subscribes(stage, i) || !stage.fleet().client(i).is_up()) continue;
      stage.drop(i);
      ++missing_;
      stage.fleet().bring_up(i);
    }
  }
  void client_up(Stage& stage, std::uint32_t client) override {
    if (missing_ > 0 && subscribes(stage, client)) --missing_;
  }
  double recover_s() const override { return longest_; }

 private:
  static std::int64_t period(Stage& stage) { return static_cast<std::int64_t>(stage.options().every_s * ns_per_s); }
  std::int64_t due_ = 0;
  std::int64_t broken_ = 0;
  std::uint32_t missing_ = 0;  // subscribers that are not back
  double longest_ = 0;
};

// offline: subscribers leave, messages pile up, they come back and get all of them.
class Offline final : public Behaviour {
 public:
  void warm_up(Stage&) override {}
  void measure(Stage& stage) override {
    for (std::uint32_t i = 0; i < stage.fleet().size(); ++i) {
      if (subscribes(stage, i)) stage.drop(i);
    }
    expected_ = static_cast<std::uint64_t>(stage.options().backlog) * stage.ledger().rooms();
    stage.feed().limit(expected_);
    stage.feed().ignore_deliveries(true);
    stage.feed().start();
  }
  void tick(Stage& stage, std::int64_t now) override {
    if (back_ == 0) {
      if (stage.feed().running() || stage.ledger().acked_count() < expected_) return;
      back_ = now;
      for (std::uint32_t i = 0; i < stage.fleet().size(); ++i) {
        if (subscribes(stage, i)) stage.fleet().bring_up(i);
      }
    } else if (stage.ledger().outstanding() == 0) {
      took_ = static_cast<double>(now - back_) / ns_per_s;
      stage.finish_measuring();
    }
  }
  void drain(Stage& stage) override {
    if (back_ == 0) stage.fleet().bring_up_all();
  }
  double recover_s() const override { return took_; }

 private:
  std::uint64_t expected_ = 0;
  std::int64_t back_ = 0;
  double took_ = 0;
};

// People: each comes, stays for a while, says something now and then, leaves, and comes back later. soak: everybody is there from
// the beginning and speaks by the feed; mixed: nobody is, and each speaks for themselves.
class People final : public Behaviour {
 public:
  explicit People(const Options& options) : mixed_(options.scenario == Scenario::mixed), random_(options.seed) {}
  bool joins_at_start(std::uint32_t) const override { return !mixed_; }
  void warm_up(Stage& stage) override {
    people_.resize(stage.fleet().size());
    if (!mixed_) stage.feed().start();
    const std::int64_t now = now_ns();
    for (Person& person : people_) person.moves_ns = now + after(mixed_ ? stage.options().think_s : stage.options().stay_s);
  }
  void tick(Stage& stage, std::int64_t now) override {
    for (std::uint32_t i = 0; i < people_.size(); ++i) {
      Person& person = people_[i];
      if (mixed_ && person.speaks_ns != 0 && now >= person.speaks_ns && stage.fleet().client(i).is_up()) {
        for (const Ledger::StreamId stream : stage.plan()[i].streams) stage.feed().publish_one(stream, now);
        person.speaks_ns = now + after(stage.options().think_s);
      }
      if (now >= person.moves_ns) move(stage, i, now);
    }
  }
  void client_up(Stage& stage, std::uint32_t client) override {
    if (client < people_.size()) people_[client].speaks_ns = now_ns() + after(stage.options().think_s);
  }
  void drain(Stage& stage) override {
    // Who is away with something unsaid comes back to say it.
    for (std::uint32_t i = 0; i < people_.size(); ++i) {
      if (people_[i].left) stage.fleet().bring_up(i);
    }
  }

 private:
  struct Person {
    std::int64_t moves_ns = 0;   // comes or leaves
    std::int64_t speaks_ns = 0;  // 0: is not there
    bool left = false;
  };
  std::int64_t after(double mean_s) {
    const double share = std::uniform_real_distribution<double>(1e-6, 1)(random_);
    return static_cast<std::int64_t>(-std::log(share) * mean_s * ns_per_s);
  }
  void move(Stage& stage, std::uint32_t i, std::int64_t now) {
    Person& person = people_[i];
    if (stage.fleet().client(i).is_down()) {
      stage.fleet().bring_up(i);
      person.left = false;
      person.moves_ns = now + after(stage.options().stay_s);
    } else {
      stage.drop(i);
      person.left = true;
      person.speaks_ns = 0;
      person.moves_ns = now + after(stage.options().think_s);
    }
  }

  bool mixed_;
  std::mt19937_64 random_;
  std::vector<Person> people_;
};

}  // namespace

std::unique_ptr<Behaviour> make_behaviour(const Options& options) {
  switch (options.scenario) {
    case Scenario::connect:
      return std::make_unique<Storm>();
    case Scenario::resume:
      return std::make_unique<Resume>();
    case Scenario::offline:
      return std::make_unique<Offline>();
    case Scenario::soak:
    case Scenario::mixed:
      return std::make_unique<People>(options);
    default:
      return std::make_unique<Plain>();
  }
}

}  // namespace parley::loadtest
