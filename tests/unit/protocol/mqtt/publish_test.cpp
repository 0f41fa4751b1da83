// PUBLISH and its acknowledgements (MQTT 5 §3.3 to §3.7). How statements are named: helpers.h.

#include "broker/protocol/mqtt/topic_aliases.h"
#include "tests/unit/protocol/mqtt/helpers.h"

namespace parley::mqtt::tests {
namespace {

// [MQTT3-3.3.2-1] [MQTT5-3.3.2-1] [MQTT3-2.3.1-5] [MQTT5-2.2.1-2]: topic first, a packet id only with QoS > 0
TEST(Publish, EveryQoS) {
  for (const Version version : {v311, v5}) {
    for (unsigned qos = 0; qos < 3; ++qos) {
      for (unsigned rest : {0U, 1U, 8U, 9U}) {
        if (qos == 0 && rest >= 8) continue;
        const std::string bytes = packet(0x30U | qos << 1U | rest, text("a/b") + (qos > 0 ? two(0x1234) : "") +
                                                                       (version == v5 ? props() : "") + std::string("x\0y", 3));
        for (const Sender sender : {Sender::client, Sender::server}) {
          const Read got = read(version, sender, bytes);
          ASSERT_TRUE(got.whole);
          const auto& p = got.as<Publish>();
          EXPECT_EQ(p.topic, "a/b");
          EXPECT_EQ(static_cast<unsigned>(p.qos), qos);
          EXPECT_EQ(p.packet_id, qos > 0 ? 0x1234 : 0);
          EXPECT_EQ(p.retain, (rest & 1U) != 0);
          EXPECT_EQ(p.dup, (rest & 8U) != 0);
          EXPECT_EQ(p.payload, std::string_view("x\0y", 3));
          EXPECT_EQ(encoded(got.packet, version), bytes);
        }
      }
    }
  }
}

// [MQTT5-3.3.2-13] [MQTT5-3.3.2-19] [MQTT5-3.3.2-18]: the order of user properties, equal names among them
TEST(Publish, EveryProperty) {
  const std::string list = hex("01 01 02 0000000a 23 0003 08") + text("answers") + hex("09") + text("7") + hex("0b ffffff7f") +
                           hex("0b 01 03") + text("application/json") + hex("26") + text("z") + text("1") + hex("26") +
                           text("a") + text("2") + hex("26") + text("z") + text("3");
  const Read got = from_server(v5, packet(0x30, text("t") + props(list) + "body"));
  ASSERT_TRUE(got.whole);
  const auto& p = got.as<Publish>().properties;
  EXPECT_EQ(p.payload_is_utf8, true);
  EXPECT_EQ(p.message_expiry_interval_s, 10U);
  EXPECT_EQ(p.topic_alias, 3);
  EXPECT_EQ(p.response_topic, "answers");
  EXPECT_EQ(p.correlation_data, "7");
  EXPECT_EQ(p.subscription_ids, (std::vector<std::uint32_t>{268'435'455, 1}));
  EXPECT_EQ(p.content_type, "application/json");
  EXPECT_EQ(p.user, (UserProperties{{"z", "1"}, {"a", "2"}, {"z", "3"}}));
  EXPECT_EQ(from_server(v5, encoded(got.packet, v5)).packet, got.packet);
}

TEST(Publish, Refused311) {
  const Carrier none = Carrier::none;
  const std::string body = text("t") + two(1) + "x";
  expect_refused(
      v311, Sender::client,
      {
          {"[MQTT3-3.3.1-4] QoS 3", packet(0x36, body), Reason::malformed_packet, none},
          {"[MQTT3-3.3.1-2] DUP with QoS 0", packet(0x38, body), Reason::malformed_packet, none},
          {"[MQTT3-2.3.1-1] packet id 0", packet(0x32, text("t") + two(0)), Reason::protocol_error, none},
          {"[MQTT3-4.7.3-1] an empty topic", packet(0x30, text("")), Reason::malformed_packet, none},
          {"[MQTT3-3.3.2-2] a wildcard", packet(0x30, text("a/+")), Reason::topic_name_invalid, none},
          {"[MQTT3-3.3.2-2] a wildcard inside a level", packet(0x30, text("a#b")), Reason::topic_name_invalid, none},
          {"[MQTT3-1.5.3-1] a surrogate", packet(0x30, text("\xed\xa0\x80")), Reason::malformed_packet, none},
          {"[MQTT3-1.5.3-2] [MQTT3-4.7.3-2] U+0000", packet(0x30, text(std::string("a\0", 2))), Reason::malformed_packet, none},
          {"the topic ends early", packet(0x30, hex("00 05") + "abc"), Reason::malformed_packet, none},
          {"no packet id", packet(0x32, text("t")), Reason::malformed_packet, none},
          {"[MQTT3-3.3.2-1] nothing at all", packet(0x30, ""), Reason::malformed_packet, none},
      });
}

TEST(Publish, Refused5) {
  const Carrier disconnect = Carrier::disconnect;
  const auto with = [](const std::string& list) { return packet(0x30, text("t") + props(list) + "x"); };
  expect_refused(
      v5, Sender::client,
      {
          {"[MQTT5-3.3.1-4] QoS 3", packet(0x36, text("t") + two(1) + props()), Reason::malformed_packet, disconnect},
          {"[MQTT5-3.3.1-2] [MQTT5-4.3.1-1] DUP with QoS 0", packet(0x38, text("t") + props()), Reason::malformed_packet,
           disconnect},
          {"[MQTT5-2.2.1-3] packet id 0", packet(0x34, text("t") + two(0) + props()), Reason::protocol_error, disconnect},
          {"§3.3.2.1 no topic and no alias", packet(0x30, text("") + props()), Reason::protocol_error, disconnect},
          {"[MQTT5-3.3.2-2] [MQTT5-4.7.0-1] a wildcard", packet(0x30, text("#") + props()), Reason::topic_name_invalid,
           disconnect},
          {"[MQTT5-1.5.4-1] a surrogate", packet(0x30, text("\xed\xbf\xbf") + props()), Reason::malformed_packet, disconnect},
          {"[MQTT5-1.5.4-1] an overlong form", packet(0x30, text("\xc0\xaf") + props()), Reason::malformed_packet, disconnect},
          {"[MQTT5-1.5.4-1] above U+10FFFF", packet(0x30, text("\xf4\x90\x80\x80") + props()), Reason::malformed_packet,
           disconnect},
          {"[MQTT5-1.5.4-2] [MQTT5-4.7.3-2] U+0000", packet(0x30, text(std::string("a\0b", 3)) + props()),
           Reason::malformed_packet, disconnect},
          {"[MQTT5-3.3.2-8] alias 0", with(hex("23 0000")), Reason::topic_alias_invalid, disconnect},
          {"[MQTT5-3.3.2-14] a wildcard in the response topic", with(hex("08") + text("a/#")), Reason::protocol_error,
           disconnect},
          {"[MQTT5-3.3.2-13] the response topic is no UTF-8", with(hex("08") + text("\xff")), Reason::malformed_packet,
           disconnect},
          {"[MQTT5-3.3.2-19] the content type is no UTF-8", with(hex("03") + text("\xff")), Reason::malformed_packet, disconnect},
          {"[MQTT5-1.5.7-1] a user property's name is no UTF-8", with(hex("26") + text("\xff") + text("v")),
           Reason::malformed_packet, disconnect},
          {"[MQTT5-1.5.7-1] a user property's value has U+0000", with(hex("26") + text("k") + text(std::string(1, '\0'))),
           Reason::malformed_packet, disconnect},
          {"[MQTT5-3.3.4-6] a subscription identifier from a client", with(hex("0b 01")), Reason::protocol_error, disconnect},
          {"the properties end early", packet(0x30, text("t") + hex("05 01")), Reason::malformed_packet, disconnect},
          {"[MQTT5-1.5.5-1] a property length that is too long", packet(0x30, text("t") + hex("80 00")), Reason::malformed_packet,
           disconnect},
          {"[MQTT5-1.5.5-1] a property id that is too long", packet(0x30, text("t") + hex("03 81 00 01")),
           Reason::malformed_packet, disconnect},
          {"[MQTT5-1.5.5-1] five bytes", packet(0x30, text("t") + hex("80 80 80 80 01")), Reason::malformed_packet, disconnect},
      });
  expect_refused(
      v5, Sender::server,
      {{"§3.8.2.1.2 subscription identifier 0", with(hex("0b 00")), Reason::protocol_error, disconnect},
       {"[MQTT5-2.2.1-4] packet id 0", packet(0x32, text("t") + two(0) + props()), Reason::protocol_error, disconnect}});
}

// [MQTT5-1.5.4-3] [MQTT3-1.5.3-3]: U+FEFF is a character like any other
TEST(Publish, AByteOrderMarkStays) {
  const std::string topic =
      "\xef\xbb\xbf"
      "a";
  for (const Version version : {v311, v5}) {
    const Read got = from_client(version, packet(0x30, text(topic) + (version == v5 ? props() : "")));
    ASSERT_TRUE(got.whole);
    EXPECT_EQ(got.as<Publish>().topic, topic);
  }
}

TEST(Publish, PayloadFormat) {
  EXPECT_TRUE(payload_format_holds(true, "gr\xc3\xbc\xc3\x9f"));
  EXPECT_FALSE(payload_format_holds(true, "\xff"));
  EXPECT_TRUE(payload_format_holds(false, "\xff"));
  EXPECT_TRUE(payload_format_holds(std::nullopt, "\xff"));
}

// [MQTT5-3.3.2-7] [MQTT5-3.3.2-12] [MQTT5-3.3.2-9]
TEST(TopicAlias, IsSetAndUsed) {
  TopicAliases aliases(2);
  Publish publish;
  publish.topic = "a";
  publish.properties.topic_alias = 2;
  EXPECT_FALSE(aliases.resolve(publish).has_value());
  publish.topic = {};
  EXPECT_FALSE(aliases.resolve(publish).has_value());
  EXPECT_EQ(publish.topic, "a");
  publish.topic = "b";
  EXPECT_FALSE(aliases.resolve(publish).has_value());  // set anew
  publish.topic = {};
  EXPECT_FALSE(aliases.resolve(publish).has_value());
  EXPECT_EQ(publish.topic, "b");

  publish.topic = {};
  publish.properties.topic_alias = 1;  // never set
  EXPECT_EQ(aliases.resolve(publish).value().reason, Reason::protocol_error);
  publish.topic = "c";
  publish.properties.topic_alias = 3;
  EXPECT_EQ(aliases.resolve(publish).value().reason, Reason::topic_alias_invalid);
  TopicAliases of_the_next_connection(2);
  publish.topic = {};
  publish.properties.topic_alias = 2;
  EXPECT_TRUE(of_the_next_connection.resolve(publish).has_value());
}

const unsigned ack_bytes[] = {0x40, 0x50, 0x62, 0x70};

const Acknowledgement* acknowledgement(const Packet& packet) {
  if (const auto* p = std::get_if<Puback>(&packet)) return p;
  if (const auto* p = std::get_if<Pubrec>(&packet)) return p;
  if (const auto* p = std::get_if<Pubrel>(&packet)) return p;
  return std::get_if<Pubcomp>(&packet);
}

// MQTT 5 §3.4.2.1, §3.4.2.2.1: the short forms. [MQTT5-2.2.1-5] [MQTT3-2.3.1-6]: the id comes back as it was.
TEST(Acknowledgements, EveryForm) {
  for (const unsigned first : ack_bytes) {
    const unsigned reason = first == 0x40 || first == 0x50 ? 0x97 : 0x92;
    const std::string code(1, static_cast<char>(reason));
    for (const Version version : {v311, v5}) {
      const Read got = from_client(version, packet(first, two(0xfffe)));
      ASSERT_TRUE(got.whole);
      ASSERT_NE(acknowledgement(got.packet), nullptr);
      EXPECT_EQ(static_cast<unsigned>(type_of(got.packet)), first >> 4U);
      EXPECT_EQ(acknowledgement(got.packet)->packet_id, 0xfffe);
      EXPECT_EQ(acknowledgement(got.packet)->reason, Reason::success);
      EXPECT_EQ(encoded(got.packet, version), packet(first, two(0xfffe)));
    }
    const Read reasoned = from_client(v5, packet(first, two(1) + code));
    ASSERT_TRUE(reasoned.whole);
    EXPECT_EQ(static_cast<unsigned>(acknowledgement(reasoned.packet)->reason), reason);
    EXPECT_EQ(encoded(reasoned.packet, v5), packet(first, two(1) + code));

    const std::string full = packet(first, two(1) + code + props(hex("1f") + text("no") + hex("26") + text("k") + text("v")));
    const Read got = from_client(v5, full);
    ASSERT_TRUE(got.whole);
    EXPECT_EQ(acknowledgement(got.packet)->properties.reason_string, "no");
    EXPECT_EQ(acknowledgement(got.packet)->properties.user, (UserProperties{{"k", "v"}}));
    EXPECT_EQ(encoded(got.packet, v5), full);
    EXPECT_TRUE(from_client(v5, packet(first, two(1) + code + props())).whole);
  }
}

// [MQTT5-3.4.2-1] [MQTT5-3.5.2-1] [MQTT5-3.6.2-1] [MQTT5-3.7.2-1] [MQTT5-3.6.1-1] [MQTT3-3.6.1-1] [MQTT5-2.1.3-1] [MQTT3-2.2.2-2]
TEST(Acknowledgements, Refused) {
  for (const unsigned first : ack_bytes) {
    SCOPED_TRACE(first);
    expect_refused(v5, Sender::client,
                   {{"a wrong flag", packet(first ^ 2U, two(1)), Reason::malformed_packet, Carrier::disconnect},
                    {"packet id 0", packet(first, two(0)), Reason::protocol_error, Carrier::disconnect},
                    {"another packet's reason", packet(first, two(1) + hex("8d")), Reason::protocol_error, Carrier::disconnect},
                    {"too short", packet(first, hex("01")), Reason::malformed_packet, Carrier::disconnect},
                    {"bytes behind", packet(first, two(1) + hex("00 00 00")), Reason::malformed_packet, Carrier::disconnect}});
    expect_refused(v311, Sender::client,
                   {{"a wrong flag", packet(first | 1U, two(1)), Reason::malformed_packet, Carrier::none},
                    {"bytes behind", packet(first, two(1) + hex("00")), Reason::malformed_packet, Carrier::none}});
  }
}

}  // namespace
}  // namespace parley::mqtt::tests
