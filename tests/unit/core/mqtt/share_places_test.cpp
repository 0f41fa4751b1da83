#include "broker/core/mqtt/share_places.h"

#include <gtest/gtest.h>

namespace parley::mqtt {
namespace {

using envelope::Groups;

// Two replicas that hear each other, unless the test loses what is said.
class SharePlacesTest : public testing::Test {
 protected:
  struct Side {
    std::vector<Groups> said;
    unsigned asked = 0;
    SharePlaces places{HashKey{1, 2}, [this](Groups groups) { said.push_back(std::move(groups)); }, [this] { ++asked; }};
  };
  void tick() {
    here.places.tick(now);
    there.places.tick(now);
  }
  void carry() {
    for (Groups& groups : std::exchange(there.said, {})) here.places.heard("there", groups, now);
    for (; there.asked < here.asked; ++there.asked) there.places.tell_all();
    for (Groups& groups : std::exchange(there.said, {})) here.places.heard("there", groups, now);
  }
  std::uint64_t known(const std::string& filter) const {
    const SharePlaces::Group* group = here.places.find(filter);
    return group == nullptr ? 0 : group->total;
  }
  std::vector<std::string> matching(const std::string& name) const {
    std::vector<SharePlaces::Group*> groups;
    here.places.match(name, groups);
    std::vector<std::string> filters;
    for (const SharePlaces::Group* group : groups) filters.push_back(group->filter);
    return filters;
  }

  Side here;
  Side there;
  MonoMs now = 10'000;
};

TEST_F(SharePlacesTest, WhatChangesIsSaidWithTheNextTickOnce) {
  there.places.set_own("$share/g/a/+", 1);
  there.places.set_own("$share/g/a/+", 2);
  tick();
  ASSERT_EQ(there.said.size(), 1U);
  carry();
  EXPECT_EQ(known("$share/g/a/+"), 2U);
  EXPECT_EQ(matching("a/b"), (std::vector<std::string>{"$share/g/a/+"}));
  EXPECT_TRUE(matching("b").empty());
  tick();
  carry();
  there.places.set_own("$share/g/a/+", 0);
  tick();
  carry();
  EXPECT_EQ(known("$share/g/a/+"), 0U);
  EXPECT_TRUE(matching("a/b").empty());
}

TEST_F(SharePlacesTest, MembersOfSeveralReplicasStandInARow) {
  here.places.heard("b", {true, 1, {{"$share/g/t", 2}}}, now);
  here.places.heard("c", {true, 1, {{"$share/g/t", 1}}}, now);
  const SharePlaces::Group* group = here.places.find("$share/g/t");
  ASSERT_NE(group, nullptr);
  ASSERT_EQ(group->total, 3U);
  EXPECT_EQ(SharePlaces::place(*group, 0), "b");
  EXPECT_EQ(SharePlaces::place(*group, 1), "b");
  EXPECT_EQ(SharePlaces::place(*group, 2), "c");
}

TEST_F(SharePlacesTest, WhoMissedSomethingSeesItAndAsks) {
  there.places.set_own("$share/g/t", 1);
  tick();
  there.said.clear();  // lost
  now += places_said_ms;
  tick();
  carry();
  EXPECT_EQ(here.asked, 1U);
  EXPECT_EQ(known("$share/g/t"), 1U);
  now += places_said_ms;
  tick();
  carry();
  EXPECT_EQ(here.asked, 1U) << "what is known is right";
}

TEST_F(SharePlacesTest, ASilentReplicaHasNoMembersAndComesBack) {
  there.places.set_own("$share/g/t", 1);
  tick();
  carry();
  now += places_silent_ms;
  here.places.tick(now);
  EXPECT_EQ(known("$share/g/t"), 0U);
  there.places.tick(now);
  carry();
  EXPECT_EQ(known("$share/g/t"), 1U);
}

TEST_F(SharePlacesTest, TheWholeReplacesWhatWasKnown) {
  here.places.heard("there", {false, 2, {{"$share/g/old", 1}, {"$share/g/t", 4}}}, now);
  here.places.heard("there", {true, 1, {{"$share/g/t", 1}}}, now);
  EXPECT_EQ(known("$share/g/old"), 0U);
  EXPECT_EQ(known("$share/g/t"), 1U);
  here.places.clear();
  EXPECT_EQ(known("$share/g/t"), 0U);
}

TEST_F(SharePlacesTest, ManyGroupsGoInParts) {
  const std::string level(1'000, 'x');
  for (int i = 0; i < 600; ++i) there.places.set_own("$share/g/" + level + std::to_string(i), 1);
  there.places.tell_all();
  EXPECT_GT(there.said.size(), 1U);
  carry();
  for (int i = 0; i < 600; ++i) ASSERT_EQ(known("$share/g/" + level + std::to_string(i)), 1U);
  EXPECT_EQ(here.asked, 0U);
}

TEST_F(SharePlacesTest, WhatIsNoGroupIsNotTaken) {
  here.places.heard("there", {false, 1, {{"a/b", 1}}}, now);
  EXPECT_TRUE(matching("a/b").empty());
}

}  // namespace
}  // namespace parley::mqtt
