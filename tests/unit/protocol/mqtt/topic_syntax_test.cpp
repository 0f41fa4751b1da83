// The grammar of names and filters (MQTT 5 §4.7, §4.8.2). How statements are named: helpers.h.

#include "broker/protocol/mqtt/topic_syntax.h"

#include <gtest/gtest.h>

#include <string>

namespace parley::mqtt {
namespace {

// [MQTT5-4.7.0-1] [MQTT5-4.7.3-1] [MQTT5-4.7.3-3] [MQTT3-4.7.3-1] [MQTT3-4.7.3-3]
TEST(TopicName, IsAnythingWithoutWildcards) {
  for (const char* good : {"a", "/", "//", "/a", "a/", "a//b", "a b", "$SYS/x", "$", " ", "A", "a$"})
    EXPECT_TRUE(is_topic_name(good)) << good;
  for (const char* bad : {"", "+", "#", "a+", "a/#", "#a", "a/+/b"}) EXPECT_FALSE(is_topic_name(bad)) << bad;
  EXPECT_TRUE(is_topic_name(std::string(65'535, 'a')));
  EXPECT_FALSE(is_topic_name(std::string(65'536, 'a')));
}

// [MQTT5-4.7.1-1] [MQTT5-4.7.1-2] [MQTT3-4.7.1-2] [MQTT3-4.7.1-3]: the examples of §4.7.1 among them
TEST(TopicFilter, HasWildcardsInTheirPlaces) {
  for (const char* good : {"#", "+", "/", "sport/tennis/#", "sport/+/player1", "+/tennis/#", "/+", "+/", "+/+", "/#", "a/+/#",
                           "//#", "$SYS/#", "$SYS/+/x", "+/+/+"}) {
    EXPECT_TRUE(is_topic_filter(good)) << good;
  }
  for (const char* bad : {"", "sport/tennis#", "sport/tennis/#/ranking", "sport+", "+a", "a/b+/c", "#/", "##", "++", "a/#b", "+#",
                          "#+", "/##", "a+/"}) {
    EXPECT_FALSE(is_topic_filter(bad)) << bad;
  }
  EXPECT_TRUE(is_topic_filter(std::string(65'535, '/')));
  EXPECT_FALSE(is_topic_filter(std::string(65'536, '/')));
}

// [MQTT5-4.8.2-1] [MQTT5-4.8.2-2]
TEST(SharedFilter, HasAGroupAndAFilter) {
  SharedFilter out;
  ASSERT_TRUE(parse_shared("$share/consumer1/sport/tennis/+", out));
  EXPECT_EQ(out.group, "consumer1");
  EXPECT_EQ(out.filter, "sport/tennis/+");
  ASSERT_TRUE(parse_shared("$share/g//finance", out));
  EXPECT_EQ(out.filter, "/finance");
  ASSERT_TRUE(parse_shared("$share/g/#", out));
  for (const char* bad :
       {"$share", "$share/", "$share//a", "$share/g", "$share/g/", "$share/+/a", "$share/g#/a", "$share/g/a#", "a/b"}) {
    EXPECT_FALSE(parse_shared(bad, out)) << bad;
  }
  EXPECT_FALSE(is_shared("$shared/g/a"));
  EXPECT_FALSE(is_shared("$SHARE/g/a"));
  EXPECT_FALSE(is_shared("$share"));
}

}  // namespace
}  // namespace parley::mqtt
