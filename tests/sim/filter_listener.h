#pragma once

// Wants rooms by a filter, as a worker does whose MQTT clients have subscribed, and has loaded none of them.

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "broker/core/log.h"

namespace parley::testing_world {

class FilterListener final : public Follower {
 public:
  explicit FilterListener(Log& log, const std::string& filter = "#") : log_(log), id_(log.add_follower(*this)) {
    log_.add_interest(id_, filter);
    log_.catch_up_with({filter}, [this] { ready = true; });
  }
  ~FilterListener() override { log_.remove_follower(id_); }
  FilterListener(const FilterListener&) = delete;
  FilterListener& operator=(const FilterListener&) = delete;

  void entries(std::vector<Run> runs) override {
    if (!ready) return;
    for (const Run& run : runs) {
      const auto [known, fresh] = last.try_emplace(*run.name, run.entries->front()->seq - 1);
      if (fresh) before[*run.name] = known->second;
      for (const EntryPtr& entry : *run.entries) {
        // Rooms are let go and taken up again, but what was handed over once is not handed over again, and nothing is left out.
        EXPECT_EQ(entry->seq, known->second + 1) << *run.name;
        known->second = entry->seq;
      }
    }
  }
  void messages(std::vector<Run> runs) override {
    for (const Run& run : runs) {
      for (const EntryPtr& message : *run.entries) heard.push_back(message->body);
    }
  }
  void signal(SignalPtr /*signal*/) override {}
  void rights_changed(const RoomInfo& /*room*/, const std::string& /*user_id*/, Role /*role*/) override {}
  void pruned(RoomId /*room*/, Seq /*floor*/) override {}
  void login_revoked(const std::string& /*login*/) override {}
  void epoch_changed() override {}

  bool ready = false;                 // it is subscribed: what was handed over before is somebody else's
  std::map<std::string, Seq> before;  // by room: after which entry it began
  std::map<std::string, Seq> last;
  std::vector<std::string> heard;  // messages that are not kept

 private:
  Log& log_;
  FollowerId id_;
};

}  // namespace parley::testing_world
