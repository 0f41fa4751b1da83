// SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK, PINGREQ, PINGRESP, DISCONNECT, AUTH (MQTT 5 §3.8 to §3.15). Statements: helpers.h.

#include "tests/unit/protocol/mqtt/helpers.h"

namespace parley::mqtt::tests {
namespace {

// [MQTT3-3.8.3-1] [MQTT3-3.8.3-3]
TEST(Subscribe, Of311) {
  const std::string bytes = packet(0x82, two(7) + text("a/+") + hex("00") + text("#") + hex("02"));
  const Read got = from_client(v311, bytes);
  ASSERT_TRUE(got.whole);
  const auto& s = got.as<Subscribe>();
  EXPECT_EQ(s.packet_id, 7);
  ASSERT_EQ(s.subscriptions.size(), 2U);
  EXPECT_EQ(s.subscriptions[0].filter, "a/+");
  EXPECT_EQ(s.subscriptions[1].qos, QoS::exactly_once);
  EXPECT_EQ(encoded(got.packet, v311), bytes);
}

// [MQTT5-3.8.3-1] [MQTT5-3.8.3-2] [MQTT5-3.8.3-3] and all the options of §3.8.3.1
TEST(Subscribe, Of5) {
  const std::string bytes = packet(0x82, two(7) + props(hex("0b 8001 26") + text("k") + text("v")) + text("a") + hex("01") +
                                             text("b") + hex("2e") + text("$share/g/c") + hex("18"));
  const Read got = from_client(v5, bytes);
  ASSERT_TRUE(got.whole);
  const auto& s = got.as<Subscribe>();
  EXPECT_EQ(s.properties.subscription_id, 128U);
  ASSERT_EQ(s.subscriptions.size(), 3U);
  EXPECT_EQ(s.subscriptions[0], (Subscription{"a", QoS::at_least_once, false, false, RetainHandling::send}));
  EXPECT_EQ(s.subscriptions[1], (Subscription{"b", QoS::exactly_once, true, true, RetainHandling::do_not_send}));
  EXPECT_EQ(s.subscriptions[2], (Subscription{"$share/g/c", QoS::at_most_once, false, true, RetainHandling::send_if_new}));
  EXPECT_EQ(encoded(got.packet, v5), bytes);
}

TEST(Subscribe, Refused311) {
  const Carrier none = Carrier::none;
  const auto one = [](const std::string& filter, unsigned qos) {
    return packet(0x82, two(1) + text(filter) + static_cast<char>(qos));
  };
  expect_refused(v311, Sender::client,
                 {
                     {"[MQTT3-3.8.1-1] flags", packet(0x80, two(1) + text("a") + hex("00")), Reason::malformed_packet, none},
                     {"[MQTT3-2.3.1-1] packet id 0", packet(0x82, two(0) + text("a") + hex("00")), Reason::protocol_error, none},
                     {"[MQTT3-3.8.3-3] no filter", packet(0x82, two(1)), Reason::protocol_error, none},
                     {"[MQTT3-3.8.3-4] QoS 3", one("a", 3), Reason::malformed_packet, none},
                     {"[MQTT3-3.8.3-4] a reserved bit", one("a", 4), Reason::malformed_packet, none},
                     {"[MQTT3-3.8.3-4] another reserved bit", one("a", 0x80), Reason::malformed_packet, none},
                     {"[MQTT3-3.8.3-1] no UTF-8", one("\xff", 0), Reason::malformed_packet, none},
                     {"[MQTT3-4.7.3-1] an empty filter", one("", 0), Reason::topic_filter_invalid, none},
                     {"[MQTT3-4.7.1-2] # not last", one("a/#/b", 0), Reason::topic_filter_invalid, none},
                     {"[MQTT3-4.7.1-3] + in a level", one("a+/b", 0), Reason::topic_filter_invalid, none},
                     {"the options are missing", packet(0x82, two(1) + text("a")), Reason::malformed_packet, none},
                 });
}

TEST(Subscribe, Refused5) {
  const Carrier disconnect = Carrier::disconnect;
  const auto one = [](const std::string& filter, unsigned options) {
    return packet(0x82, two(1) + props() + text(filter) + static_cast<char>(options));
  };
  expect_refused(
      v5, Sender::client,
      {
          {"[MQTT5-3.8.1-1] flags", packet(0x83, two(1) + props() + text("a") + hex("00")), Reason::malformed_packet, disconnect},
          {"[MQTT5-2.2.1-3] packet id 0", packet(0x82, two(0) + props() + text("a") + hex("00")), Reason::protocol_error,
           disconnect},
          {"[MQTT5-3.8.3-2] no filter", packet(0x82, two(1) + props()), Reason::protocol_error, disconnect},
          {"§3.8.3.1 QoS 3", one("a", 3), Reason::protocol_error, disconnect},
          {"§3.8.3.1 retain handling 3", one("a", 0x30), Reason::protocol_error, disconnect},
          {"[MQTT5-3.8.3-5] a reserved bit", one("a", 0x40), Reason::malformed_packet, disconnect},
          {"[MQTT5-3.8.3-5] the other one", one("a", 0x80), Reason::malformed_packet, disconnect},
          {"[MQTT5-3.8.3-4] no local on a shared subscription", one("$share/g/a", 4), Reason::protocol_error, disconnect},
          {"[MQTT5-3.8.3-1] no UTF-8", one("\xc3\x28", 0), Reason::malformed_packet, disconnect},
          {"[MQTT5-4.7.3-1] an empty filter", one("", 0), Reason::topic_filter_invalid, disconnect},
          {"[MQTT5-4.7.1-1] # in a level", one("a/b#", 0), Reason::topic_filter_invalid, disconnect},
          {"[MQTT5-4.7.1-1] # not last", one("#/a", 0), Reason::topic_filter_invalid, disconnect},
          {"[MQTT5-4.7.1-2] + in a level", one("a/+b", 0), Reason::topic_filter_invalid, disconnect},
          {"[MQTT5-4.8.2-1] no share name", one("$share//a", 0), Reason::topic_filter_invalid, disconnect},
          {"[MQTT5-4.8.2-2] a wildcard in the share name", one("$share/+/a", 0), Reason::topic_filter_invalid, disconnect},
          {"[MQTT5-4.8.2-2] no filter behind the share name", one("$share/g/", 0), Reason::topic_filter_invalid, disconnect},
          {"[MQTT5-4.8.2-2] no slash behind the share name", one("$share/g", 0), Reason::topic_filter_invalid, disconnect},
          {"§3.8.2.1.2 subscription identifier 0", packet(0x82, two(1) + props(hex("0b 00")) + text("a") + hex("00")),
           Reason::protocol_error, disconnect},
      });
}

// [MQTT5-3.9.3-2] [MQTT5-3.9.3-1] [MQTT5-2.2.1-6] [MQTT3-2.3.1-7] [MQTT3-3.9.3-1] [MQTT3-3.9.3-2]: codes, in their order
TEST(Suback, BothVersions) {
  const std::string of5 = packet(0x90, two(7) + props(hex("1f") + text("r")) + hex("00 01 02 80 83 87 8f 91 97 9e a1 a2"));
  const Read got = from_server(v5, of5);
  ASSERT_TRUE(got.whole);
  EXPECT_EQ(got.as<Suback>().reasons.size(), 12U);
  EXPECT_EQ(got.as<Suback>().packet_id, 7);
  EXPECT_EQ(encoded(got.packet, v5), of5);
  // 3.1.1 has one code for every failure.
  EXPECT_EQ(encoded(got.packet, v311), packet(0x90, two(7) + hex("00 01 02 80 80 80 80 80 80 80 80 80")));
  EXPECT_TRUE(from_server(v311, packet(0x90, two(7) + hex("02 80 00"))).whole);
  expect_refused(
      v311, Sender::server,
      {{"[MQTT3-3.9.3-2] a reserved return code", packet(0x90, two(1) + hex("03")), Reason::protocol_error, Carrier::none},
       {"[MQTT3-3.9.3-2] a code of MQTT 5", packet(0x90, two(1) + hex("87")), Reason::protocol_error, Carrier::none},
       {"no code", packet(0x90, two(1)), Reason::protocol_error, Carrier::none}});
  expect_refused(v5, Sender::server,
                 {{"[MQTT5-3.9.3-2] UNSUBACK's code", packet(0x90, two(1) + props() + hex("11")), Reason::protocol_error,
                   Carrier::disconnect},
                  {"no code", packet(0x90, two(1) + props()), Reason::protocol_error, Carrier::disconnect}});
}

// [MQTT5-3.10.3-1] [MQTT5-3.10.3-2] [MQTT3-3.10.3-1] [MQTT3-3.10.3-2] [MQTT5-3.11.3-2] [MQTT5-3.11.3-1]
TEST(Unsubscribe, AndItsAnswer) {
  const std::string of3 = packet(0xa2, two(9) + text("a") + text("b/#"));
  const Read got3 = from_client(v311, of3);
  ASSERT_TRUE(got3.whole);
  EXPECT_EQ(got3.as<Unsubscribe>().filters, (std::vector<std::string_view>{"a", "b/#"}));
  EXPECT_EQ(encoded(got3.packet, v311), of3);

  const std::string of5 = packet(0xa2, two(9) + props(hex("26") + text("k") + text("v")) + text("$share/g/a"));
  const Read got5 = from_client(v5, of5);
  ASSERT_TRUE(got5.whole);
  EXPECT_EQ(got5.as<Unsubscribe>().properties.user, (UserProperties{{"k", "v"}}));
  EXPECT_EQ(encoded(got5.packet, v5), of5);

  const std::string answer = packet(0xb0, two(9) + props() + hex("00 11 80 83 87 8f 91"));
  const Read unsuback = from_server(v5, answer);
  ASSERT_TRUE(unsuback.whole);
  EXPECT_EQ(encoded(unsuback.packet, v5), answer);
  EXPECT_EQ(encoded(unsuback.packet, v311), packet(0xb0, two(9)));
  EXPECT_TRUE(from_server(v311, packet(0xb0, two(9))).whole);

  const Carrier disconnect = Carrier::disconnect;
  expect_refused(
      v5, Sender::client,
      {{"[MQTT5-3.10.1-1] flags", packet(0xa0, two(1) + props() + text("a")), Reason::malformed_packet, disconnect},
       {"[MQTT5-3.10.3-2] no filter", packet(0xa2, two(1) + props()), Reason::protocol_error, disconnect},
       {"[MQTT5-3.10.3-1] no UTF-8", packet(0xa2, two(1) + props() + text("\xff")), Reason::malformed_packet, disconnect},
       {"[MQTT5-2.2.1-3] packet id 0", packet(0xa2, two(0) + props() + text("a")), Reason::protocol_error, disconnect}});
  expect_refused(v311, Sender::client,
                 {{"[MQTT3-3.10.1-1] flags", packet(0xa0, two(1) + text("a")), Reason::malformed_packet, Carrier::none},
                  {"[MQTT3-3.10.3-2] no filter", packet(0xa2, two(1)), Reason::protocol_error, Carrier::none},
                  {"[MQTT3-3.10.3-1] no UTF-8", packet(0xa2, two(1) + text("\xff")), Reason::malformed_packet, Carrier::none}});
  expect_refused(
      v5, Sender::server,
      {{"[MQTT5-3.11.3-2] SUBACK's code", packet(0xb0, two(1) + props() + hex("01")), Reason::protocol_error, disconnect},
       {"no code", packet(0xb0, two(1) + props()), Reason::protocol_error, disconnect}});
  expect_refused(v311, Sender::server,
                 {{"a payload", packet(0xb0, two(1) + hex("00")), Reason::malformed_packet, Carrier::none}});
}

TEST(Ping, BothWays) {
  for (const Version version : {v311, v5}) {
    const Carrier carrier = version == v5 ? Carrier::disconnect : Carrier::none;
    EXPECT_TRUE(from_client(version, hex("c0 00")).whole);
    EXPECT_TRUE(from_server(version, hex("d0 00")).whole);
    EXPECT_EQ(encoded(Pingreq{}, version), hex("c0 00"));
    EXPECT_EQ(encoded(Pingresp{}, version), hex("d0 00"));
    expect_refused(version, Sender::client,
                   {{"[MQTT5-2.1.3-1] [MQTT3-2.2.2-1] flags", hex("c1 00"), Reason::malformed_packet, carrier},
                    {"a body", hex("c0 01 00"), Reason::malformed_packet, carrier},
                    {"what a server sends", hex("d0 00"), Reason::protocol_error, carrier}});
  }
}

TEST(Disconnect, EveryForm) {
  EXPECT_TRUE(from_client(v311, hex("e0 00")).whole);
  const std::string forms[] = {hex("e0 00"), hex("e0 01 04"), hex("e0 07 00 05 11 00000064")};
  for (const std::string& bytes : forms) {
    const Read got = from_client(v5, bytes);
    ASSERT_TRUE(got.whole);
    EXPECT_EQ(encoded(got.packet, v5), bytes);
  }
  EXPECT_EQ(from_client(v5, hex("e0 02 00 00")).as<Disconnect>(), Disconnect{});
  EXPECT_EQ(from_client(v5, forms[2]).as<Disconnect>().properties.session_expiry_interval_s, 100U);
  const Read moved = from_server(v5, packet(0xe0, hex("9d") + props(hex("1c") + text("b:1883") + hex("1f") + text("gone"))));
  ASSERT_TRUE(moved.whole);
  EXPECT_EQ(moved.as<Disconnect>().properties.server_reference, "b:1883");

  const Carrier disconnect = Carrier::disconnect;
  expect_refused(v5, Sender::client,
                 {{"[MQTT5-3.14.1-1] flags", hex("e2 00"), Reason::malformed_packet, disconnect},
                  {"[MQTT5-3.14.2-1] a server's reason", hex("e0 01 8e"), Reason::protocol_error, disconnect},
                  {"[MQTT5-3.14.2-1] no reason of it", hex("e0 01 85"), Reason::protocol_error, disconnect},
                  {"bytes behind", hex("e0 03 00 00 00"), Reason::malformed_packet, disconnect}});
  expect_refused(
      v5, Sender::server,
      {{"[MQTT5-3.14.2-2] session expiry from a server", hex("e0 07 00 05 11 00000064"), Reason::protocol_error, disconnect},
       {"[MQTT5-3.14.2-1] a client's reason", hex("e0 01 04"), Reason::protocol_error, disconnect}});
  expect_refused(v311, Sender::client,
                 {{"[MQTT3-3.14.1-1] flags", hex("e1 00"), Reason::malformed_packet, Carrier::none},
                  {"a body", hex("e0 01 00"), Reason::malformed_packet, Carrier::none}});
  expect_refused(v311, Sender::server, {{"3.1.1's servers do not send it", hex("e0 00"), Reason::protocol_error, Carrier::none}});
}

// [MQTT5-3.15.2-1] [MQTT5-4.12.0-2] [MQTT5-4.12.0-3] [MQTT5-4.12.1-1]
TEST(Auth, EveryForm) {
  const std::string list = hex("15") + text("SCRAM") + hex("16") + text(std::string("\0\1", 2)) + hex("1f") + text("r") +
                           hex("26") + text("k") + text("v");
  for (const char* reason : {"18", "19"}) {
    const std::string bytes = packet(0xf0, hex(reason) + props(list));
    const Read got = from_client(v5, bytes);
    ASSERT_TRUE(got.whole);
    EXPECT_EQ(got.as<Auth>().properties.authentication_method, "SCRAM");
    EXPECT_EQ(got.as<Auth>().properties.authentication_data, std::string_view("\0\1", 2));
    EXPECT_EQ(encoded(got.packet, v5), bytes);
  }
  EXPECT_TRUE(from_server(v5, hex("f0 00")).whole);
  EXPECT_EQ(encoded(Auth{}, v5), hex("f0 00"));
  EXPECT_EQ(encoded(Auth{}, v311), "");

  const Carrier disconnect = Carrier::disconnect;
  const std::string method = props(hex("15") + text("m"));
  expect_refused(
      v5, Sender::client,
      {{"[MQTT5-3.15.1-1] flags", packet(0xf1, hex("18") + method), Reason::malformed_packet, disconnect},
       {"[MQTT5-3.15.2-1] success from a client", packet(0xf0, hex("00") + method), Reason::protocol_error, disconnect},
       {"[MQTT5-3.15.2-1] the same, short", hex("f0 00"), Reason::protocol_error, disconnect},
       {"[MQTT5-4.12.0-5] no method", packet(0xf0, hex("18") + props()), Reason::protocol_error, disconnect}});
  expect_refused(
      v5, Sender::server,
      {{"[MQTT5-3.15.2-1] re-authenticate from a server", packet(0xf0, hex("19") + method), Reason::protocol_error, disconnect}});
  expect_refused(v311, Sender::client, {{"3.1.1 has no AUTH", hex("f0 00"), Reason::protocol_error, Carrier::none}});
}

// MQTT 5 §2.1.2: the direction of flow
TEST(Packets, GoTheirWay) {
  for (const Version version : {v311, v5}) {
    for (const char* bytes : {"20 02 00 00", "90 03 00 01 00", "b0 02 00 01", "d0 00"}) {
      const Read got = from_client(version, hex(bytes));
      ASSERT_TRUE(got.violation.has_value()) << bytes;
      EXPECT_EQ(got.violation->reason, Reason::protocol_error) << bytes;
    }
    for (const char* bytes : {"10 00", "82 00", "a2 00", "c0 00"}) {
      const Read got = from_server(version, hex(bytes));
      ASSERT_TRUE(got.violation.has_value()) << bytes;
      EXPECT_EQ(got.violation->reason, Reason::protocol_error) << bytes;
    }
    EXPECT_EQ(from_client(version, hex("00 00")).violation.value().reason, Reason::malformed_packet);
  }
}

}  // namespace
}  // namespace parley::mqtt::tests
