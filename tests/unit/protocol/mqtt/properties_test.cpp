// Every property in every packet: allowed, forbidden, twice, out of range (MQTT 5 §2.2.2.2). How statements are named: helpers.h.

#include <map>
#include <set>

#include "tests/unit/protocol/mqtt/helpers.h"

namespace parley::mqtt::tests {
namespace {

// Where a list of properties can stand: a packet around it, and who sends it.
struct Place {
  const char* name;
  Sender sender;
  std::string (*packet)(const std::string& list);
};
const Place places[] = {
    {"CONNECT", Sender::client, [](const std::string& l) { return connect5(2, text("c"), l); }},
    {"Will", Sender::client, [](const std::string& l) { return connect5(6, text("c") + props(l) + text("w") + text("x")); }},
    {"CONNACK", Sender::server, [](const std::string& l) { return packet(0x20, hex("00 00") + props(l)); }},
    {"PUBLISH", Sender::server, [](const std::string& l) { return packet(0x30, text("t") + props(l)); }},
    {"PUBACK", Sender::client, [](const std::string& l) { return packet(0x40, two(1) + hex("00") + props(l)); }},
    {"PUBREC", Sender::client, [](const std::string& l) { return packet(0x50, two(1) + hex("00") + props(l)); }},
    {"PUBREL", Sender::client, [](const std::string& l) { return packet(0x62, two(1) + hex("00") + props(l)); }},
    {"PUBCOMP", Sender::client, [](const std::string& l) { return packet(0x70, two(1) + hex("00") + props(l)); }},
    {"SUBSCRIBE", Sender::client, [](const std::string& l) { return packet(0x82, two(1) + props(l) + text("a") + hex("00")); }},
    {"SUBACK", Sender::server, [](const std::string& l) { return packet(0x90, two(1) + props(l) + hex("00")); }},
    {"UNSUBSCRIBE", Sender::client, [](const std::string& l) { return packet(0xa2, two(1) + props(l) + text("a")); }},
    {"UNSUBACK", Sender::server, [](const std::string& l) { return packet(0xb0, two(1) + props(l) + hex("00")); }},
    {"DISCONNECT of a client", Sender::client, [](const std::string& l) { return packet(0xe0, hex("00") + props(l)); }},
    {"DISCONNECT of a server", Sender::server, [](const std::string& l) { return packet(0xe0, hex("00") + props(l)); }},
    {"AUTH", Sender::client,
     [](const std::string& l) {
       const std::string method = !l.empty() && l[0] == 0x15 ? "" : hex("15") + text("m");
       return packet(0xf0, hex("18") + props(method + l));
     }},
};

struct Property {
  unsigned id;
  std::string value;
  std::set<std::string> allowed;               // Table 2-4, with the directions that the sections name
  std::vector<std::string> out_of_range = {};  // each a protocol error
};
const std::set<std::string> acks = {
    "CONNACK", "PUBACK", "PUBREC", "PUBREL", "PUBCOMP", "SUBACK", "UNSUBACK", "DISCONNECT of a client", "DISCONNECT of a server",
    "AUTH"};
std::set<std::string> everywhere() {
  std::set<std::string> out;
  for (const Place& place : places) out.insert(place.name);
  return out;
}
const std::vector<Property>& table() {
  static const std::set<std::string> published = {"PUBLISH", "Will"};
  static const std::vector<std::string> not_a_flag = {hex("02"), hex("ff")};
  static const std::vector<Property> rows = {
      {1, hex("01"), published, not_a_flag},
      {2, hex("00000001"), published},
      {3, text("text/plain"), published},
      {8, text("a/b"), published, {text(""), text("a/+")}},
      {9, text("\xff"), published},
      {11, hex("01"), {"PUBLISH", "SUBSCRIBE"}, {hex("00")}},
      {17, hex("ffffffff"), {"CONNECT", "CONNACK", "DISCONNECT of a client"}},
      {18, text("id"), {"CONNACK"}},
      {19, hex("0000"), {"CONNACK"}},
      {21, text("m"), {"CONNECT", "CONNACK", "AUTH"}},
      {22, text("\xff"), {"CONNACK", "AUTH"}},  // in CONNECT only with 21: below
      {23, hex("01"), {"CONNECT"}, not_a_flag},
      {24, hex("00000000"), {"Will"}},
      {25, hex("00"), {"CONNECT"}, not_a_flag},
      {26, text("info"), {"CONNACK"}},
      {28, text("other"), {"CONNACK", "DISCONNECT of a server"}},
      {31, text("why"), acks},
      {33, hex("0001"), {"CONNECT", "CONNACK"}, {hex("0000")}},
      {34, hex("0000"), {"CONNECT", "CONNACK"}},
      {35, hex("0001"), {"PUBLISH"}},
      {36, hex("01"), {"CONNACK"}, not_a_flag},
      {37, hex("01"), {"CONNACK"}, not_a_flag},
      {38, text("k") + text("v"), everywhere()},
      {39, hex("00000001"), {"CONNECT", "CONNACK"}, {hex("00000000")}},
      {40, hex("01"), {"CONNACK"}, not_a_flag},
      {41, hex("01"), {"CONNACK"}, not_a_flag},
      {42, hex("01"), {"CONNACK"}, not_a_flag},
  };
  return rows;
}

// [MQTT5-3.14.2-2]: among the forbidden, session expiry in a server's DISCONNECT
TEST(Properties, StandWhereTheyMayAndNowhereElse) {
  for (const Place& place : places) {
    for (const Property& property : table()) {
      SCOPED_TRACE(std::string(place.name) + ", property " + std::to_string(property.id));
      const std::string one = static_cast<char>(property.id) + property.value;
      const Read got = read(v5, place.sender, place.packet(one));
      if (property.allowed.count(place.name) != 0) {
        ASSERT_TRUE(got.whole) << got.violation.value_or(Violation{}).text;
        const std::string bytes = encoded(got.packet, v5);
        const Read again = read(v5, place.sender, bytes);
        ASSERT_TRUE(again.whole);
        EXPECT_EQ(again.packet, got.packet);
        EXPECT_NE(bytes.find(one), std::string::npos) << "the property is not in what was encoded";
      } else {
        ASSERT_TRUE(got.violation.has_value()) << "it was taken";
        const bool of_the_other_side = property.id == 17 || property.id == 28 || property.id == 22;
        EXPECT_TRUE(got.violation->reason == Reason::malformed_packet ||
                    (of_the_other_side && got.violation->reason == Reason::protocol_error));
      }
    }
  }
}

// "It is a Protocol Error to include … more than once", in each property's section
TEST(Properties, OccurOnceButForTwo) {
  for (const Place& place : places) {
    for (const Property& property : table()) {
      if (property.allowed.count(place.name) == 0) continue;
      SCOPED_TRACE(std::string(place.name) + ", property " + std::to_string(property.id));
      const std::string one = static_cast<char>(property.id) + property.value;
      const Read got = read(v5, place.sender, place.packet(one + one));
      if (property.id == 38 || (property.id == 11 && place.name == std::string("PUBLISH"))) {
        EXPECT_TRUE(got.whole);
      } else {
        ASSERT_TRUE(got.violation.has_value()) << "it was taken twice";
        EXPECT_EQ(got.violation->reason, Reason::protocol_error);
      }
    }
  }
}

TEST(Properties, HaveTheirRanges) {
  for (const Place& place : places) {
    for (const Property& property : table()) {
      if (property.allowed.count(place.name) == 0) continue;
      for (const std::string& value : property.out_of_range) {
        SCOPED_TRACE(std::string(place.name) + ", property " + std::to_string(property.id));
        const Read got = read(v5, place.sender, place.packet(static_cast<char>(property.id) + value));
        ASSERT_TRUE(got.violation.has_value()) << "it was taken";
        EXPECT_EQ(got.violation->reason, Reason::protocol_error);
      }
    }
  }
}

// Cut anywhere, a list of properties is malformed; the length says where it ends.
TEST(Properties, EndWhereTheirLengthSays) {
  for (const Place& place : places) {
    for (const Property& property : table()) {
      if (property.allowed.count(place.name) == 0) continue;
      const std::string one = static_cast<char>(property.id) + property.value;
      for (std::size_t size = 1; size < one.size(); ++size) {
        SCOPED_TRACE(std::string(place.name) + ", property " + std::to_string(property.id) + ", " + std::to_string(size) +
                     " bytes of it");
        EXPECT_TRUE(read(v5, place.sender, place.packet(one.substr(0, size))).violation.has_value());
      }
    }
  }
}

TEST(Properties, UnknownIdsAreMalformed) {
  std::set<unsigned> known;
  for (const Property& property : table()) known.insert(property.id);
  for (const Place& place : places) {
    for (unsigned id = 0; id < 256; ++id) {
      if (known.count(id) != 0) continue;
      const Read got = read(v5, place.sender, place.packet(variable(id) + hex("00000000")));
      ASSERT_TRUE(got.violation.has_value()) << place.name << " " << id;
      EXPECT_EQ(got.violation->reason, Reason::malformed_packet);
    }
  }
}

TEST(Properties, AuthenticationDataNeedsAMethod) {
  const std::string data = hex("16") + text("d");
  EXPECT_TRUE(from_client(v5, connect5(2, text("c"), data + hex("15") + text("m"))).whole);
  EXPECT_EQ(from_client(v5, connect5(2, text("c"), data)).violation.value().reason, Reason::protocol_error);
}

TEST(Properties, AreLimitedInNumber) {
  Limits limits;
  limits.user_properties_max = 3;
  const std::string one = hex("26") + text("") + text("");
  EXPECT_TRUE(read(v5, Sender::client, packet(0x30, text("t") + props(one + one + one)), limits).whole);
  EXPECT_EQ(read(v5, Sender::client, packet(0x30, text("t") + props(one + one + one + one)), limits).violation.value().reason,
            Reason::quota_exceeded);
  limits.filters_max = 2;
  const std::string filter = text("a");
  EXPECT_TRUE(read(v5, Sender::client, packet(0xa2, two(1) + props() + filter + filter), limits).whole);
  EXPECT_EQ(read(v5, Sender::client, packet(0xa2, two(1) + props() + filter + filter + filter), limits).violation.value().reason,
            Reason::quota_exceeded);
  const std::string subscription = text("a") + hex("00");
  EXPECT_EQ(read(v5, Sender::client, packet(0x82, two(1) + props() + subscription + subscription + subscription), limits)
                .violation.value()
                .reason,
            Reason::quota_exceeded);
}

}  // namespace
}  // namespace parley::mqtt::tests
