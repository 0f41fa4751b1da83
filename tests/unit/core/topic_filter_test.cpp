// Filters: their limits and what they match (MQTT 5 §4.7, §4.8.2). [MQTT5-s.s.s-n] and [MQTT3-s.s.s-n] are the standard's
// normative statements (tests/unit/protocol/mqtt/helpers.h).

#include "broker/core/topic_filter.h"

#include <gtest/gtest.h>

#include <string>

namespace parley {
namespace {

TEST(ParseTopicFilter, TakesSharedOnesApart) {
  const auto plain = parse_topic_filter("team/+/#", {});
  ASSERT_TRUE(plain.ok());
  EXPECT_FALSE(plain.value().shared());
  EXPECT_EQ(plain.value().filter, "team/+/#");
  // [MQTT5-4.8.2-1] [MQTT5-4.8.2-2]
  const auto shared = parse_topic_filter("$share/workers/jobs/#", {});
  ASSERT_TRUE(shared.ok());
  EXPECT_EQ(shared.value().group, "workers");
  EXPECT_EQ(shared.value().filter, "jobs/#");
  for (const char* bad : {"$share/", "$share/g", "$share//a", "$share/g/", "$share/+/a", "$share/g/a+"}) {
    EXPECT_EQ(parse_topic_filter(bad, {}).error().code, Code::bad_request) << bad;
  }
  EXPECT_TRUE(parse_topic_filter("$share", {}).ok());
  EXPECT_TRUE(parse_topic_filter("$SYS/#", {}).ok());
}

// [MQTT5-4.7.3-1] [MQTT5-4.7.3-2] [MQTT3-4.7.3-1] [MQTT3-4.7.3-2] [MQTT5-4.7.1-1] [MQTT5-4.7.1-2] [MQTT3-4.7.1-2] [MQTT3-4.7.1-3]
TEST(ParseTopicFilter, Refuses) {
  for (const std::string_view bad :
       {std::string_view(""), std::string_view("a\0", 2), std::string_view("\xff"), std::string_view("\xed\xa0\x80"),
        std::string_view("a#"), std::string_view("#/a"), std::string_view("a+"), std::string_view("+a/b")}) {
    EXPECT_EQ(parse_topic_filter(bad, {}).error().code, Code::bad_request) << bad;
  }
  EXPECT_TRUE(parse_topic_filter(std::string(512, 'a'), {}).ok());
  EXPECT_EQ(parse_topic_filter(std::string(513, 'a'), {}).error().code, Code::too_large);
  EXPECT_TRUE(parse_topic_filter("1/2/+", {512, 3}).ok());
  EXPECT_EQ(parse_topic_filter("1/2/3/+", {512, 3}).error().code, Code::too_large);
}

struct Row {
  const char* filter;
  const char* name;
  bool matches;
};

// The examples of §4.7.1 and §4.7.2, and the corners between them.
TEST(TopicMatches, AsTheStandardSays) {
  const Row rows[] = {
      {"sport/tennis/player1/#", "sport/tennis/player1", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
      {"sport/tennis/player1/#", "sport/tennis/player10", false},
      {"sport/#", "sport", true},
      {"#", "a", true},
      {"#", "/", true},
      {"sport/tennis/+", "sport/tennis/player1", true},
      {"sport/tennis/+", "sport/tennis/player1/ranking", false},
      {"sport/+", "sport", false},
      {"sport/+", "sport/", true},
      {"+/+", "/finance", true},
      {"/+", "/finance", true},
      {"+", "/finance", false},
      {"+", "finance", true},
      {"a//b", "a//b", true},  // empty levels are levels
      {"a//b", "a/b", false},
      {"a/+/b", "a//b", true},
      {"a/", "a", false},
      {"a", "a/", false},
      {"/a", "a", false},
      {"//#", "//", true},
      {"//#", "/", true},
      {"a/#", "a/", true},
      {"a/#", "b", false},
      {"a/#", "ab", false},
      {"+/b/#", "a/b", true},
      {"+/+/#", "a", false},
      // [MQTT5-4.7.2-1] [MQTT3-4.7.2-1]: wildcards in the first level and names beginning with '$'
      {"#", "$SYS/monitor", false},
      {"+/monitor", "$SYS/monitor", false},
      {"+/#", "$SYS/monitor", false},
      {"+", "$SYS", false},
      {"$SYS/#", "$SYS/monitor", true},
      {"$SYS/#", "$SYS", true},
      {"$SYS/+", "$SYS/monitor", true},
      {"a/#", "a/$x", true},
      {"a/+", "a/$x", true},
      // [MQTT5-4.7.3-4] [MQTT3-4.7.3-4]: bytes, not characters
      {"ACCOUNTS", "Accounts", false},
      {"\xc3\xa9", "e\xcc\x81", false},
      {"\xef\xbb\xbf"
       "a",
       "a", false},
      {"a b", "a b", true},
  };
  for (const Row& row : rows) EXPECT_EQ(topic_matches(row.filter, row.name), row.matches) << row.filter << " and " << row.name;
}

}  // namespace
}  // namespace parley
