// The subscription tree against a list that is searched from end to end. [MQTT5-s.s.s-n]: tests/unit/protocol/mqtt/helpers.h.

#include "broker/core/subscription_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <set>
#include <string>

#include "broker/core/topic_filter.h"

namespace parley {
namespace {

using Found = std::multiset<std::pair<SlotId, std::uint32_t>>;

Found found(const SubscriptionTree& tree, std::string_view name) {
  std::vector<FilterOwner> out;
  tree.match(name, out);
  Found set;
  for (const FilterOwner& subscriber : out) set.insert({subscriber.id, subscriber.data});
  return set;
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == '/') {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// Written from §4.7 on its own: level by level over split texts, as plainly as can be.
bool reference_matches(const std::vector<std::string>& filter, const std::vector<std::string>& name, std::size_t at = 0) {
  if (at == 0 && name[0].starts_with("$") && (filter[0] == "+" || filter[0] == "#")) return false;
  if (at < filter.size() && filter[at] == "#") return true;
  if (at == filter.size() || at == name.size()) return at == filter.size() && at == name.size();
  return (filter[at] == "+" || filter[at] == name[at]) && reference_matches(filter, name, at + 1);
}
bool reference_matches_parent_too(const std::vector<std::string>& filter, const std::vector<std::string>& name) {
  // "a/#" includes "a".
  if (filter.back() == "#" && filter.size() == name.size() + 1)
    return reference_matches({filter.begin(), filter.end() - 1}, name);
  return reference_matches(filter, name);
}

class Texts {
 public:
  explicit Texts(unsigned seed) : random_(seed) {}
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  std::string filter() {
    std::string out = level(true);
    for (unsigned n = below(4); n > 0 && out.back() != '#'; --n) out += "/" + level(true);
    // A '#' that came before the end is the end.
    const std::size_t hash = out.find('#');
    if (hash != std::string::npos) out.resize(hash + 1);
    return out.empty() ? "/" : out;
  }
  std::string name() {
    std::string out = level(false);
    for (unsigned n = below(5); n > 0; --n) out += "/" + level(false);
    return out.empty() ? "/" : out;
  }

 private:
  std::string level(bool wildcards) {
    static const char* const words[] = {"a", "b", "", "$x", "longer-than-seven", "+", "#"};
    return words[below(wildcards ? 7 : 5)];
  }
  std::mt19937_64 random_;
};

// [MQTT5-3.8.4-3] [MQTT5-3.10.4-1] [MQTT5-4.7.2-1] [MQTT5-4.7.3-4] [MQTT3-3.8.4-3] [MQTT3-3.10.4-1] [MQTT3-4.7.2-1]
TEST(SubscriptionTree, IsWhatAListWouldBe) {
  for (unsigned seed = 0; seed < 16; ++seed) {
    Texts texts(seed);
    SubscriptionTree tree({seed, 7});
    struct Held {
      std::uint32_t data = 0;
      std::vector<std::string> levels;
    };
    std::map<std::pair<std::string, SlotId>, Held> list;
    for (unsigned step = 0; step < 800; ++step) {
      const std::string filter = texts.filter();
      const SlotId id = 1 + texts.below(seed % 2 == 0 ? 4 : 40);
      // The first half grows, the second shrinks.
      if (texts.below(10) < (step < 400 ? 8 : 2)) {
        const bool is_new = list.find({filter, id}) == list.end();
        EXPECT_EQ(tree.add(filter, {id, step}), is_new);
        list[{filter, id}] = {step, split(filter)};
      } else if (!list.empty()) {
        auto victim = list.lower_bound({filter, id});
        if (victim == list.end()) victim = list.begin();
        EXPECT_TRUE(tree.remove(victim->first.first, victim->first.second));
        EXPECT_FALSE(tree.remove(victim->first.first, victim->first.second));
        list.erase(victim);
      }
      ASSERT_EQ(tree.size(), list.size());
      const std::string name = texts.name();
      const std::vector<std::string> levels = split(name);
      Found expected;
      for (const auto& [key, held] : list) {
        const bool matches = reference_matches_parent_too(held.levels, levels);
        ASSERT_EQ(topic_matches(key.first, name), matches) << key.first << " and " << name;
        if (matches) expected.insert({key.second, held.data});
      }
      ASSERT_EQ(found(tree, name), expected) << name << ", seed " << seed << ", step " << step;
    }
    for (const auto& [key, held] : list) EXPECT_TRUE(tree.remove(key.first, key.second));
    EXPECT_EQ(tree.size(), 0U);
    EXPECT_EQ(tree.filters(), 0U);
    EXPECT_EQ(tree.nodes(), 1U) << "nodes are left behind";
  }
}

TEST(SubscriptionTree, CountsFilters) {
  SubscriptionTree tree({1, 2});
  EXPECT_TRUE(tree.add("a/+", {1, 0}));
  EXPECT_TRUE(tree.add("a/+", {2, 0}));
  EXPECT_TRUE(tree.add("a/b", {1, 0}));
  EXPECT_FALSE(tree.add("a/b", {1, 5}));
  EXPECT_EQ(tree.size(), 3U);
  EXPECT_EQ(tree.filters(), 2U);
  EXPECT_EQ(found(tree, "a/b"), (Found{{1, 0}, {2, 0}, {1, 5}}));  // each subscription with its data
  EXPECT_FALSE(tree.remove("a", 1));
  EXPECT_FALSE(tree.remove("a/#", 1));
  EXPECT_FALSE(tree.remove("x/+", 1));
  EXPECT_EQ(tree.size(), 3U);
}

// A match costs what matches, not what is there.
TEST(SubscriptionTree, DoesNotLookAtWhatDoesNotMatch) {
  SubscriptionTree tree({1, 2});
  for (unsigned i = 0; i < 20'000; ++i) {
    tree.add("devices/" + std::to_string(i) + "/+", {i + 1, 0});
    tree.add("sites/" + std::to_string(i) + "/#", {i + 1, 0});
    tree.add("rooms/" + std::to_string(i), {i + 1, 0});
  }
  std::vector<FilterOwner> out;
  EXPECT_LE(tree.match("devices/777/state", out), 5U);
  EXPECT_EQ(out.size(), 1U);
  EXPECT_LE(tree.match("sites/777/a/b/c/d/e/f", out), 5U);
  EXPECT_EQ(out.size(), 2U);
  EXPECT_LE(tree.match("rooms/777", out), 5U);
  EXPECT_EQ(out.size(), 3U);
}

// What a match found are copies: the one who asked may change everything while going through them.
TEST(SubscriptionTree, MayBeChangedByWhoGoesThroughAMatch) {
  SubscriptionTree tree({1, 2});
  for (unsigned i = 1; i <= 100; ++i) tree.add("a/#", {i, i});
  std::vector<FilterOwner> out;
  tree.match("a/b", out);
  std::size_t seen = 0;
  for (const FilterOwner& subscriber : out) {
    EXPECT_TRUE(tree.remove("a/#", subscriber.id));
    tree.add("a/+", {subscriber.id + 1000, 0});
    ++seen;
  }
  EXPECT_EQ(seen, 100U);
  EXPECT_EQ(tree.size(), 100U);
}

TEST(SubscriptionTree, DeepNames) {
  SubscriptionTree tree({1, 2});
  std::string deep;
  for (int i = 0; i < 20'000; ++i) deep += "/";
  tree.add("#", {1, 0});
  tree.add(deep + "+", {2, 0});
  EXPECT_EQ(found(tree, deep), (Found{{1, 0}, {2, 0}}));
  EXPECT_EQ(found(tree, deep + "/"), (Found{{1, 0}}));
}

TEST(SubscriberSet, IsWhatAMapWouldBe) {
  for (unsigned seed = 0; seed < 20; ++seed) {
    std::mt19937_64 random(seed);
    SubscriberSet set;
    std::map<SlotId, std::uint32_t> map;
    for (unsigned step = 0; step < 3000; ++step) {
      const unsigned range = seed < 10 ? 12 : 700;
      const SlotId id = 1 + random() % range;
      if (random() % 10 < (step < 1500 ? 7U : 3U)) {
        EXPECT_EQ(set.set({id, step}), map.count(id) == 0);
        map[id] = step;
      } else {
        EXPECT_EQ(set.erase(id), map.erase(id) == 1);
      }
      ASSERT_EQ(set.size(), map.size());
      if (step % 50 != 0) continue;
      std::map<SlotId, std::uint32_t> seen;
      set.for_each([&](const FilterOwner& s) { EXPECT_TRUE(seen.insert({s.id, s.data}).second); });
      ASSERT_EQ(seen, map);
    }
  }
}

TEST(IndexTable, FindsWhatCollides) {
  std::mt19937_64 random(1);
  IndexTable table;
  std::map<std::uint32_t, std::uint64_t> all;
  for (std::uint32_t step = 1; step < 20'000; ++step) {
    if (random() % 3 != 0 || all.empty()) {
      const std::uint64_t hash = random() % 64 * 0x1'0000'0001ULL;  // many alike
      table.insert(hash, step);
      all[step] = hash;
      if (all.size() > 300) {
        table.erase(all.begin()->second, all.begin()->first);
        all.erase(all.begin());
      }
    } else {
      auto victim = all.lower_bound(static_cast<std::uint32_t>(random() % step));
      if (victim == all.end()) victim = all.begin();
      table.erase(victim->second, victim->first);
      all.erase(victim);
    }
    ASSERT_EQ(table.size(), all.size());
  }
  for (const auto& [index, hash] : all) {
    EXPECT_EQ(table.find(hash, [&, wanted = index](std::uint32_t i) { return i == wanted; }), index);
  }
  EXPECT_EQ(table.find(1'000'000, [](std::uint32_t) { return true; }), 0U);
}

TEST(PackedText, EqualsItsText) {
  for (std::size_t size : {0U, 1U, 6U, 7U, 8U, 9U, 100U, 65'535U}) {
    const std::string text(size, 'x');
    PackedText packed{text};
    EXPECT_TRUE(packed == text);
    EXPECT_FALSE(packed == text + "x");
    if (size > 0) {
      std::string other = text;
      other.back() = 'y';
      EXPECT_FALSE(packed == other);
      EXPECT_FALSE(packed == text.substr(1));
    }
    const PackedText moved = std::move(packed);
    EXPECT_TRUE(moved == text);
  }
  EXPECT_TRUE(PackedText() == "");
  EXPECT_FALSE(PackedText(std::string_view("\0", 1)) == "");
}

TEST(SipHash, DependsOnEveryByteAndOnTheKey) {
  std::set<std::uint64_t> seen;
  std::string text;
  for (unsigned i = 0; i < 64; ++i) {
    EXPECT_TRUE(seen.insert(siphash13({1, 2}, text)).second);
    EXPECT_TRUE(seen.insert(siphash13({1, 3}, text)).second);
    EXPECT_TRUE(seen.insert(siphash13({2, 2}, text)).second);
    text += '\0';
  }
  EXPECT_EQ(siphash13({1, 2}, "topic"), siphash13({1, 2}, std::string("topic")));
}

}  // namespace
}  // namespace parley
