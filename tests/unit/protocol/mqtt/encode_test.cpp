// What leaves: sizes, what is left out, one publication for many receivers. How statements are named: helpers.h.

#include "broker/protocol/mqtt/shared_publish.h"
#include "tests/unit/protocol/mqtt/helpers.h"

namespace parley::mqtt::tests {
namespace {

std::string within(const Packet& packet, std::uint32_t bytes_max, bool problem_information = true) {
  return std::string(encode(packet, {v5, bytes_max, problem_information}).bytes());
}

// [MQTT5-3.1.2-24]: nothing larger. [MQTT5-3.2.2-19] [MQTT5-3.2.2-20] [MQTT5-3.4.2-2] [MQTT5-3.4.2-3] [MQTT5-3.5.2-2]
// [MQTT5-3.5.2-3] [MQTT5-3.6.2-2] [MQTT5-3.6.2-3] [MQTT5-3.7.2-2] [MQTT5-3.7.2-3] [MQTT5-3.9.2-1] [MQTT5-3.9.2-2]
// [MQTT5-3.11.2-1] [MQTT5-3.11.2-2] [MQTT5-3.14.2-3] [MQTT5-3.14.2-4] [MQTT5-3.15.2-2] [MQTT5-3.15.2-3]: what explains is left
// out before the packet is
TEST(Encode, ExplanationsGoBeforeThePacketDoes) {
  const auto check = [](auto packet) {
    packet.properties.reason_string = "because of something";
    packet.properties.user = {{"k", "v"}};
    const std::string full = encoded(packet, v5);
    EXPECT_EQ(within(packet, static_cast<std::uint32_t>(full.size())), full);
    const std::string bare = within(packet, static_cast<std::uint32_t>(full.size() - 1));
    packet.properties.reason_string.reset();
    packet.properties.user.clear();
    EXPECT_EQ(bare, encoded(packet, v5));
    EXPECT_NE(bare, "");
    EXPECT_EQ(within(packet, static_cast<std::uint32_t>(bare.size() - 1)), "");
  };
  check(Connack{false, Reason::not_authorized, {}});
  check(Puback{{1, Reason::quota_exceeded, {}}});
  check(Pubrec{{1, Reason::quota_exceeded, {}}});
  check(Pubrel{{1, Reason::packet_identifier_not_found, {}}});
  check(Pubcomp{{1, Reason::packet_identifier_not_found, {}}});
  check(Suback{1, {}, {Reason::success}});
  check(Unsuback{1, {}, {Reason::success}});
  check(Disconnect{Reason::server_busy, {}});
  Auth auth;
  auth.reason = Reason::continue_authentication;
  auth.properties.authentication_method = "m";
  check(auth);
}

// [MQTT5-3.1.2-29]
TEST(Encode, ProblemInformationOnlyWhereItWasAsked) {
  Puback puback{{1, Reason::quota_exceeded, {"why", {{"k", "v"}}}}};
  EXPECT_EQ(within(puback, 1000, false), hex("40 03 00 01 97"));
  EXPECT_NE(within(puback, 1000, true), hex("40 03 00 01 97"));
  Suback suback{1, {"why", {}}, {Reason::success}};
  EXPECT_EQ(within(suback, 1000, false), hex("90 04 00 01 00 00"));
  Disconnect disconnect;
  disconnect.reason = Reason::server_busy;
  disconnect.properties.reason_string = "why";
  EXPECT_EQ(within(disconnect, 1000, false), within(disconnect, 1000, true));
  Connack connack;
  connack.properties.reason_string = "why";
  EXPECT_EQ(within(connack, 1000, false), within(connack, 1000, true));
  Publish publish;
  publish.topic = "t";
  publish.properties.user = {{"k", "v"}};
  EXPECT_EQ(within(publish, 1000, false), within(publish, 1000, true));
}

// A PUBLISH is sent as it is or not at all.
TEST(Encode, APublicationLosesNothing) {
  Publish publish;
  publish.topic = "t";
  publish.properties.user = {{"k", "v"}};
  const std::string full = encoded(publish, v5);
  EXPECT_EQ(within(publish, static_cast<std::uint32_t>(full.size())), full);
  EXPECT_EQ(within(publish, static_cast<std::uint32_t>(full.size() - 1)), "");
}

TEST(Encode, WhatTheWireCannotSay) {
  const std::string longest(65'535, 'x');
  const std::string longer(65'536, 'x');
  Publish publish;
  publish.topic = longest;
  EXPECT_EQ(encoded(publish, v311).size(), 65'535U + 2 + 4);
  publish.topic = longer;
  EXPECT_EQ(encoded(publish, v311), "");
  EXPECT_EQ(encoded(publish, v5), "");
  std::string out = "kept";
  EXPECT_FALSE(append(out, publish, {v5, packet_bytes_most, true}));
  EXPECT_EQ(out, "kept");
  EXPECT_TRUE(append(out, Pingresp{}, {v5, packet_bytes_most, true}));
  EXPECT_EQ(out, "kept" + hex("d0 00"));
}

// [MQTT5-1.5.5-1]: at every boundary of the remaining length
TEST(Encode, LengthsAreMinimal) {
  for (const std::size_t body : {127U, 128U, 16'383U, 16'384U, 2'097'151U, 2'097'152U}) {
    const std::string payload(body - 3, 'x');
    Publish publish;
    publish.topic = "t";
    publish.payload = payload;
    EXPECT_EQ(encoded(publish, v311), packet(0x30, text("t") + payload)) << body;
    const SharedPublish shared(v311, "t", {}, payload);
    std::string out;
    shared.append(out, {});
    EXPECT_EQ(out, packet(0x30, text("t") + payload)) << body;
    EXPECT_EQ(shared.size({}), out.size());
  }
}

// One tail for all; every head gives the packet that encode() would have made. [MQTT5-3.3.2-4] [MQTT5-3.3.2-15] [MQTT5-3.3.2-16]
// [MQTT5-3.3.2-17] [MQTT5-3.3.2-18] [MQTT5-3.3.2-20] [MQTT5-3.3.4-4]
TEST(SharedPublish, IsWhatEachReceiverWouldHaveGot) {
  PublishProperties common;
  common.payload_is_utf8 = true;
  common.response_topic = "answers";
  common.correlation_data = "7";
  common.content_type = "text/plain";
  common.user = {{"z", "1"}, {"a", "2"}, {"z", "3"}};
  const std::vector<std::uint32_t> id_sets[] = {{}, {1}, {5, 300, 268'435'455}};
  for (const Version version : {v311, v5}) {
    for (const std::string& payload : {std::string(), std::string(200, 'p'), std::string(70'000, 'q')}) {
      const SharedPublish shared(version, "team/dev", common, payload);
      const char* const tail = shared.tail().bytes().data();
      for (unsigned bits = 0; bits < 96; ++bits) {
        PublishTo to;
        to.qos = static_cast<QoS>(bits % 3);
        to.retain = (bits / 3 & 1U) != 0;
        to.dup = (bits / 3 & 2U) != 0 && to.qos != QoS::at_most_once;
        if (to.qos != QoS::at_most_once) to.packet_id = 0xbeef;
        to.subscription_ids = id_sets[bits / 12 % 3];
        if ((bits / 36 & 1U) != 0) to.message_expiry_interval_s = 59;
        if (bits >= 72) to.topic_alias = 9;
        to.topic_by_alias = bits >= 84;

        Publish same{to.dup,       to.qos, to.retain, to.topic_by_alias && version == v5 ? "" : "team/dev",
                     to.packet_id, common, payload};
        same.properties.subscription_ids = id_sets[bits / 12 % 3];
        same.properties.message_expiry_interval_s = to.message_expiry_interval_s;
        same.properties.topic_alias = to.topic_alias;
        if (version == v311) same.properties = {};
        std::string out = "x";
        const std::size_t position = shared.append_head(out, to);
        EXPECT_EQ(shared.tail().bytes().data(), tail) << "the tail is not shared";
        out += shared.tail().bytes();
        EXPECT_EQ(shared.size(to), out.size() - 1);
        const Read got = from_server(version, out.substr(1));
        ASSERT_TRUE(got.whole) << bits;
        EXPECT_EQ(got.packet, Packet(same)) << bits;
        if (to.qos == QoS::at_most_once) {
          EXPECT_EQ(position, 0U);
        } else {
          put_packet_id(out, position, 0x0102);
          EXPECT_EQ(from_server(version, out.substr(1)).as<Publish>().packet_id, 0x0102);
        }
      }
    }
  }
}

TEST(Reasons, HaveNames) {
  unsigned named = 0;
  for (unsigned code = 0; code < 256; ++code) {
    const auto reason = static_cast<Reason>(code);
    const bool known = to_string(reason) != "unknown";
    named += known ? 1 : 0;
    bool used = code == 1 || code == 2;
    for (unsigned type = 1; type < 16; ++type) {
      for (const Sender sender : {Sender::client, Sender::server})
        used |= is_allowed(reason, static_cast<PacketType>(type), sender);
    }
    EXPECT_EQ(used, known) << code;
  }
  EXPECT_EQ(named, 43U);  // Table 2-6, where 0x00 stands three times
  EXPECT_EQ(to_string(PacketType::connect), "CONNECT");
  EXPECT_EQ(to_string(PacketType::unsubscribe), "UNSUBSCRIBE");
  EXPECT_EQ(to_string(PacketType::auth), "AUTH");
}

}  // namespace
}  // namespace parley::mqtt::tests
