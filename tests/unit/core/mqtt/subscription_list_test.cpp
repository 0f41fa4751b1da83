#include "broker/core/mqtt/subscription_list.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace parley::mqtt {
namespace {

SubscriptionState with(const std::string& filter, QoS qos = QoS::at_most_once) {
  SubscriptionState state;
  state.filter = filter;
  state.qos = qos;
  return state;
}

std::set<std::string> filters(const SubscriptionList& list) {
  std::set<std::string> found;
  list.for_each([&](const SubscriptionState& state) { EXPECT_TRUE(found.insert(state.filter).second); });
  return found;
}

TEST(SubscriptionList, FindsWhatIsThere) {
  SubscriptionList list;
  EXPECT_FALSE(list.contains("a"));
  const std::uint32_t a = list.add(with("a"));
  const std::uint32_t all = list.add(with("b/#"));
  EXPECT_EQ(list.find("a"), a);
  EXPECT_EQ(list.find("b/#"), all);
  list.replace(a, with("a", QoS::exactly_once));
  EXPECT_EQ(list[a].state.qos, QoS::exactly_once);
  EXPECT_EQ(list.size(), 2U);
}

TEST(SubscriptionList, APlaceStaysAndAFreeOneIsUsedAgain) {
  SubscriptionList list;
  list.add(with("a"));
  const std::uint32_t b = list.add(with("b"));
  const std::uint32_t c = list.add(with("c"));
  list.remove(b);
  EXPECT_FALSE(list.contains("b"));
  EXPECT_FALSE(list[b].used());
  EXPECT_EQ(list.find("c"), c);
  EXPECT_EQ(list.add(with("d")), b);
  EXPECT_EQ(list.places(), 3U);
  EXPECT_EQ(filters(list), (std::set<std::string>{"a", "c", "d"}));
}

// From looking through them to a table, and down again to nothing.
TEST(SubscriptionList, ManyAreFoundLikeFew) {
  SubscriptionList list;
  std::set<std::string> expected;
  for (int i = 0; i < 40; ++i) {
    const std::string filter = "room/" + std::to_string(i);
    list.add(with(filter));
    expected.insert(filter);
    EXPECT_EQ(filters(list), expected);
    for (const std::string& one : expected) EXPECT_EQ(list[*list.find(one)].state.filter, one);
  }
  EXPECT_FALSE(list.contains("room/40"));
  for (const std::string& filter : std::set<std::string>(expected)) {
    list.remove(*list.find(filter));
    expected.erase(filter);
    EXPECT_FALSE(list.contains(filter));
    EXPECT_EQ(list.size(), expected.size());
  }
  EXPECT_EQ(list.add(with("again")), 0U);
  EXPECT_TRUE(list.contains("again"));
}

}  // namespace
}  // namespace parley::mqtt
