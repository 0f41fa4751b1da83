// CONNECT and CONNACK (MQTT 5 §3.1, §3.2). How statements are named: helpers.h.

#include "tests/unit/protocol/mqtt/helpers.h"

namespace parley::mqtt::tests {
namespace {

// [MQTT3-3.1.3-1] [MQTT3-3.1.3-3] [MQTT3-3.1.3-6] [MQTT3-3.1.2-19] [MQTT3-3.1.2-21] [MQTT3-3.1.2-9]: the order of the payload
TEST(Connect, EveryFieldOf311) {
  const std::string bytes =
      connect(4, 0xc6U | 0x28U, "", text("id") + text("will/topic") + text("bye") + text("ada") + text("secret"));
  const Read got = from_client(v311, bytes);
  ASSERT_TRUE(got.whole);
  const auto& c = got.as<Connect>();
  EXPECT_EQ(c.version, v311);
  EXPECT_TRUE(c.clean_start);
  EXPECT_EQ(c.keep_alive_s, 60);
  EXPECT_EQ(c.client_id, "id");
  ASSERT_TRUE(c.will.has_value());
  EXPECT_EQ(c.will->topic, "will/topic");
  EXPECT_EQ(c.will->payload, "bye");
  EXPECT_EQ(c.will->qos, QoS::at_least_once);
  EXPECT_TRUE(c.will->retain);
  EXPECT_EQ(c.user_name, "ada");
  EXPECT_EQ(c.password, "secret");
  EXPECT_EQ(encoded(got.packet, v311), bytes);
}

// [MQTT3-3.1.2-18] [MQTT3-3.1.2-20] [MQTT5-3.1.2-16] [MQTT5-3.1.2-18] [MQTT5-3.1.2-9]
TEST(Connect, WhatTheFlagsDoNotNameIsNotThere) {
  for (const Version version : {v311, v5}) {
    const std::string bytes = version == v5 ? connect5(0, text("id")) : connect3(0, text("id"));
    const Read got = from_client(version, bytes);
    ASSERT_TRUE(got.whole);
    const auto& c = got.as<Connect>();
    EXPECT_FALSE(c.clean_start);
    EXPECT_FALSE(c.will.has_value());
    EXPECT_FALSE(c.user_name.has_value());
    EXPECT_FALSE(c.password.has_value());
    EXPECT_EQ(encoded(got.packet, version), bytes);
  }
}

// [MQTT5-3.1.3-1] [MQTT5-3.1.3-3] [MQTT5-3.1.2-17] [MQTT5-3.1.2-19] [MQTT5-3.1.2-12]
TEST(Connect, EveryFieldOf5) {
  const std::string list = hex("11 00000e10") + hex("21 0014") + hex("27 00010000") + hex("22 000a") + hex("19 01") +
                           hex("17 00") + hex("15") + text("SCRAM") + hex("16") + text(std::string("\0\xff", 2)) + hex("26") +
                           text("k") + text("v");
  const std::string will = hex("18 00000005") + hex("01 01") + hex("02 0000003c") + hex("03") + text("text/plain") + hex("08") +
                           text("answers") + hex("09") + text("42") + hex("26") + text("a") + text("b");
  const std::string payload = text("id") + props(will) + text("w") + text("bye") + text("ada") + text("secret");
  const Read got = from_client(v5, connect5(0xf6, payload, list));
  ASSERT_TRUE(got.whole);
  const auto& c = got.as<Connect>();
  EXPECT_EQ(c.version, v5);
  EXPECT_EQ(c.properties.session_expiry_interval_s, 3600U);
  EXPECT_EQ(c.properties.receive_maximum, 20);
  EXPECT_EQ(c.properties.maximum_packet_size, 65536U);
  EXPECT_EQ(c.properties.topic_alias_maximum, 10);
  EXPECT_EQ(c.properties.request_response_information, true);
  EXPECT_EQ(c.properties.request_problem_information, false);
  EXPECT_EQ(c.properties.authentication_method, "SCRAM");
  EXPECT_EQ(c.properties.authentication_data, std::string_view("\0\xff", 2));
  EXPECT_EQ(c.properties.user, (UserProperties{{"k", "v"}}));
  ASSERT_TRUE(c.will.has_value());
  EXPECT_EQ(c.will->qos, QoS::exactly_once);
  EXPECT_EQ(c.will->properties.will_delay_interval_s, 5U);
  EXPECT_EQ(c.will->properties.payload_is_utf8, true);
  EXPECT_EQ(c.will->properties.message_expiry_interval_s, 60U);
  EXPECT_EQ(c.will->properties.content_type, "text/plain");
  EXPECT_EQ(c.will->properties.response_topic, "answers");
  EXPECT_EQ(c.will->properties.correlation_data, "42");
  EXPECT_EQ(c.will->properties.user, (UserProperties{{"a", "b"}}));
  const Read again = from_client(v5, encoded(got.packet, v5));
  ASSERT_TRUE(again.whole);
  EXPECT_EQ(again.packet, got.packet);
}

// [MQTT3-3.1.3-5] [MQTT5-3.1.3-5]: 1 to 23 bytes of letters and digits are a client id. [MQTT5-3.1.3-6]: none at all too, also
// without a clean start. [MQTT3-3.1.3-7]
TEST(Connect, ClientIds) {
  const std::string every = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
  for (std::size_t at = 0; at < every.size(); at += 20) {
    EXPECT_TRUE(from_client(v311, connect3(0, text(every.substr(at, 23)))).whole);
    EXPECT_TRUE(from_client(v5, connect5(0, text(every.substr(at, 23)))).whole);
  }
  EXPECT_TRUE(from_client(v311, connect3(2, text(""))).whole);
  EXPECT_TRUE(from_client(v5, connect5(2, text(""))).whole);
  EXPECT_TRUE(from_client(v5, connect5(0, text(""))).whole);

  Limits limits;
  limits.client_id_bytes_max = 23;
  EXPECT_TRUE(read(v5, Sender::client, connect5(2, text(std::string(23, 'x'))), limits).whole);
  const Read longer = read(v5, Sender::client, connect5(2, text(std::string(24, 'x'))), limits);
  ASSERT_TRUE(longer.violation.has_value());
  EXPECT_EQ(longer.violation->reason, Reason::client_identifier_not_valid);
}

TEST(Connect, Refused311) {
  const Carrier none = Carrier::none;
  expect_refused(
      v311, Sender::client,
      {
          {"[MQTT3-3.1.2-1] another protocol", packet(0x10, text("AMQP") + hex("04 02 003c") + text("c")), Reason::protocol_error,
           none},
          {"the name's case counts", packet(0x10, text("mqtt") + hex("04 02 003c") + text("c")), Reason::protocol_error, none},
          {"[MQTT3-3.1.2-2] version 3.1", packet(0x10, text("MQIsdp") + hex("03 02 003c") + text("c")),
           Reason::unsupported_protocol_version, Carrier::connack},
          {"[MQTT3-3.1.2-2] level 3", connect(3, 2, "", text("c")), Reason::unsupported_protocol_version, Carrier::connack},
          {"[MQTT3-3.1.2-2] a bridge's bit", connect(0x84, 2, "", text("c")), Reason::unsupported_protocol_version,
           Carrier::connack},
          {"[MQTT3-3.1.2-3] [MQTT3-3.1.4-1] the reserved flag", connect3(3), Reason::malformed_packet, none},
          {"[MQTT3-3.1.2-14] will QoS 3", connect3(0x1e, text("c") + text("w") + text("x")), Reason::malformed_packet, none},
          {"[MQTT3-3.1.2-11] [MQTT3-3.1.2-13] will QoS without a will", connect3(0x0a), Reason::malformed_packet, none},
          {"[MQTT3-3.1.2-15] will retain without a will", connect3(0x22), Reason::malformed_packet, none},
          {"[MQTT3-3.1.2-22] a password without a user name", connect3(0x42, text("c") + text("p")), Reason::malformed_packet,
           none},
          {"[MQTT3-3.1.3-8] [MQTT3-3.1.3-9] no client id in a kept session", connect3(0, text("")),
           Reason::client_identifier_not_valid, Carrier::connack},
          {"[MQTT3-3.1.3-3] the client id is missing", connect3(2, ""), Reason::malformed_packet, none},
          {"[MQTT3-3.1.2-9] the will is missing", connect3(6), Reason::malformed_packet, none},
          {"[MQTT3-3.1.2-19] the user name is missing", connect3(0x82), Reason::malformed_packet, none},
          {"[MQTT3-3.1.2-21] the password is missing", connect3(0xc2, text("c") + text("u")), Reason::malformed_packet, none},
          {"[MQTT3-3.1.2-18] a user name without its flag", connect3(2, text("c") + text("u")), Reason::malformed_packet, none},
          {"[MQTT3-3.1.3-4] [MQTT3-1.5.3-1] the client id is no UTF-8", connect3(2, text("\xc3")), Reason::malformed_packet,
           none},
          {"[MQTT3-3.1.3-10] the will topic is no UTF-8", connect3(6, text("c") + text("\xff") + text("x")),
           Reason::malformed_packet, none},
          {"[MQTT3-3.1.3-11] the user name is no UTF-8", connect3(0x82, text("c") + text("\xff")), Reason::malformed_packet,
           none},
          {"[MQTT3-4.7.3-1] an empty will topic", connect3(6, text("c") + text("") + text("x")), Reason::topic_name_invalid,
           none},
          {"[MQTT3-4.7.1-1] a wildcard in the will topic", connect3(6, text("c") + text("a/#") + text("x")),
           Reason::topic_name_invalid, none},
          {"[MQTT3-2.2.2-1] flags of the fixed header", "\x11" + connect3().substr(1), Reason::malformed_packet, none},
      });
}

TEST(Connect, Refused5) {
  const Carrier ack = Carrier::connack;
  const std::string will = props() + text("w") + text("x");
  expect_refused(
      v5, Sender::client,
      {
          {"[MQTT5-3.1.2-1] another protocol", packet(0x10, text("AMQP") + hex("05 02 003c 00") + text("c")),
           Reason::protocol_error, Carrier::none},
          {"[MQTT5-3.1.2-2] version 6", connect(6, 2, props(), text("c")), Reason::unsupported_protocol_version, ack},
          {"[MQTT5-3.1.2-3] the reserved flag", connect5(3), Reason::malformed_packet, ack},
          {"[MQTT5-3.1.2-12] will QoS 3", connect5(0x1e, text("c") + will), Reason::malformed_packet, ack},
          {"[MQTT5-3.1.2-11] will QoS without a will", connect5(0x0a), Reason::malformed_packet, ack},
          {"[MQTT5-3.1.2-13] will retain without a will", connect5(0x22), Reason::malformed_packet, ack},
          {"[MQTT5-3.1.3-3] the client id is missing", connect5(2, ""), Reason::malformed_packet, ack},
          {"[MQTT5-3.1.2-9] the will is missing", connect5(6), Reason::malformed_packet, ack},
          {"[MQTT5-3.1.2-17] the user name is missing", connect5(0x82), Reason::malformed_packet, ack},
          {"[MQTT5-3.1.2-19] the password is missing", connect5(0xc2, text("c") + text("u")), Reason::malformed_packet, ack},
          {"[MQTT5-3.1.2-16] a user name without its flag", connect5(2, text("c") + text("u")), Reason::malformed_packet, ack},
          {"[MQTT5-3.1.3-4] the client id is no UTF-8", connect5(2, text("\xed\xa0\x80")), Reason::malformed_packet, ack},
          {"[MQTT5-3.1.3-11] the will topic is no UTF-8", connect5(6, text("c") + props() + text("\xff") + text("x")),
           Reason::malformed_packet, ack},
          {"[MQTT5-3.1.3-12] the user name is no UTF-8", connect5(0x82, text("c") + text("\xff")), Reason::malformed_packet, ack},
          {"[MQTT5-4.7.3-1] an empty will topic", connect5(6, text("c") + props() + text("") + text("x")),
           Reason::topic_name_invalid, ack},
          {"[MQTT5-4.7.0-1] a wildcard in the will topic", connect5(6, text("c") + props() + text("+/a") + text("x")),
           Reason::topic_name_invalid, ack},
          {"§3.1.2.11.10 authentication data without a method", connect5(2, text("c"), hex("16") + text("d")),
           Reason::protocol_error, ack},
          {"[MQTT5-1.5.5-1] a remaining length that is too long", hex("10 8e 00") + connect5().substr(2),
           Reason::malformed_packet, ack},
          {"[MQTT5-2.2.2-1] no property length", connect(5, 2, "", text("")), Reason::malformed_packet, ack},
      });
}

// A password without a user name: MQTT 5 §3.1.2.9 allows it.
TEST(Connect, PasswordAloneIn5) {
  const Read got = from_client(v5, connect5(0x42, text("c") + text("token")));
  ASSERT_TRUE(got.whole);
  EXPECT_EQ(got.as<Connect>().password, "token");
  EXPECT_FALSE(got.as<Connect>().user_name.has_value());
}

// [MQTT5-3.2.2-8] [MQTT5-3.2.2-1]
TEST(Connack, EveryFieldOf5) {
  const std::string list = hex("11 00000001 21 0002 24 01 25 00 27 00000003 12") + text("id") + hex("22 0004 1f") + text("why") +
                           hex("26") + text("k") + text("v") + hex("28 00 29 01 2a 00 13 0005 1a") + text("info") + hex("1c") +
                           text("other:1883") + hex("15") + text("m") + hex("16") + text("d");
  const Read got = from_server(v5, packet(0x20, hex("01 00") + props(list)));
  ASSERT_TRUE(got.whole);
  const auto& c = got.as<Connack>();
  EXPECT_TRUE(c.session_present);
  EXPECT_EQ(c.reason, Reason::success);
  EXPECT_EQ(c.properties.session_expiry_interval_s, 1U);
  EXPECT_EQ(c.properties.receive_maximum, 2);
  EXPECT_EQ(c.properties.maximum_qos, 1);
  EXPECT_EQ(c.properties.retain_available, false);
  EXPECT_EQ(c.properties.maximum_packet_size, 3U);
  EXPECT_EQ(c.properties.assigned_client_identifier, "id");
  EXPECT_EQ(c.properties.topic_alias_maximum, 4);
  EXPECT_EQ(c.properties.reason_string, "why");
  EXPECT_EQ(c.properties.user, (UserProperties{{"k", "v"}}));
  EXPECT_EQ(c.properties.wildcard_subscription_available, false);
  EXPECT_EQ(c.properties.subscription_identifier_available, true);
  EXPECT_EQ(c.properties.shared_subscription_available, false);
  EXPECT_EQ(c.properties.server_keep_alive_s, 5);
  EXPECT_EQ(c.properties.response_information, "info");
  EXPECT_EQ(c.properties.server_reference, "other:1883");
  EXPECT_EQ(c.properties.authentication_method, "m");
  EXPECT_EQ(c.properties.authentication_data, "d");
  const Read again = from_server(v5, encoded(got.packet, v5));
  EXPECT_EQ(again.packet, got.packet);
}

TEST(Connack, Refused) {
  const Carrier none = Carrier::none;
  expect_refused(v5, Sender::server,
                 {
                     {"[MQTT5-3.2.2-1] reserved acknowledge flags", hex("20 03 02 00 00"), Reason::malformed_packet, none},
                     {"[MQTT5-3.2.2-6] a session in a refusal", hex("20 03 01 87 00"), Reason::protocol_error, none},
                     {"[MQTT5-3.2.2-8] another packet's reason", hex("20 03 00 8e 00"), Reason::protocol_error, none},
                     {"[MQTT5-2.1.3-1] flags", hex("21 03 00 00 00"), Reason::malformed_packet, none},
                     {"bytes behind the last field", hex("20 04 00 00 00 00"), Reason::malformed_packet, none},
                 });
  expect_refused(v311, Sender::server,
                 {
                     {"reserved acknowledge flags (3.1.1 §3.2.2.1)", hex("20 02 80 00"), Reason::malformed_packet, none},
                     {"[MQTT3-3.2.2-4] a session in a refusal", hex("20 02 01 05"), Reason::protocol_error, none},
                     {"a reserved return code (3.1.1 Table 3.1)", hex("20 02 00 06"), Reason::protocol_error, none},
                     {"a body that is too short", hex("20 01 00"), Reason::malformed_packet, none},
                 });
}

// [MQTT3-3.2.2-5] [MQTT3-3.2.2-6]: a return code where 3.1.1 has one, and no CONNACK where it has none
TEST(Connack, ReturnCodesOf311) {
  const std::pair<Reason, int> expected[] = {
      {Reason::success, 0},
      {Reason::unsupported_protocol_version, 1},
      {Reason::client_identifier_not_valid, 2},
      {Reason::server_unavailable, 3},
      {Reason::server_busy, 3},
      {Reason::bad_user_name_or_password, 4},
      {Reason::not_authorized, 5},
      {Reason::banned, 5},
      {Reason::malformed_packet, -1},
      {Reason::packet_too_large, -1},
  };
  for (const auto& [reason, code] : expected) {
    Connack connack;
    connack.reason = reason;
    const std::string bytes = encoded(connack, v311);
    EXPECT_EQ(bytes, code < 0 ? "" : hex("20 02 00") + static_cast<char>(code)) << to_string(reason);
  }
  for (std::uint8_t code = 0; code < 6; ++code) {
    const Read got = from_server(v311, hex("20 02 00") + static_cast<char>(code));
    EXPECT_EQ(connect_return_code(got.as<Connack>().reason), code);
  }
}

}  // namespace
}  // namespace parley::mqtt::tests
