// What the generator reads and writes: URLs, frames, options, plans.

#include <gtest/gtest.h>

#include "loadtest/carry.h"
#include "loadtest/options.h"
#include "loadtest/plan.h"
#include "loadtest/websocket_scan.h"

namespace parley::loadtest {
namespace {

TEST(Url, Forms) {
  EXPECT_EQ(Url::parse("mqtt://127.0.0.1")->address.port, 1883);
  EXPECT_EQ(Url::parse("mqtt://127.0.0.1:9")->protocol, Protocol::mqtt);
  EXPECT_EQ(Url::parse("ws://localhost:8080/ws")->protocol, Protocol::native);
  EXPECT_EQ(Url::parse("ws://localhost:8080/mqtt")->protocol, Protocol::mqtt);
  EXPECT_EQ(Url::parse("ws://localhost:8080/socket.io/?EIO=4")->protocol, Protocol::socketio);
  EXPECT_EQ(Url::parse("ws://[::1]/ws")->address.port, 80);
  EXPECT_TRUE(Url::parse("mqtts://h")->tls);
  for (const char* bad : {"", "127.0.0.1:1883", "http://h/", "mqtt://", "mqtt://:1883", "mqtt://h:99999"}) {
    EXPECT_FALSE(Url::parse(bad).ok()) << bad;
  }
}

TEST(Frames, AServersFrame) {
  const std::string small = std::string("\x81\x02hi", 4);
  EXPECT_EQ(read_server_frame(small).payload, "hi");
  EXPECT_EQ(read_server_frame(small + "more").bytes, 4U);
  for (std::size_t i = 0; i < small.size(); ++i) {
    EXPECT_EQ(read_server_frame(small.substr(0, i)).state, ServerFrame::State::need_more);
  }
  const std::string middle = std::string("\x82\x7e\x01\x00", 4) + std::string(256, 'x');
  EXPECT_EQ(read_server_frame(middle).payload.size(), 256U);
  EXPECT_EQ(read_server_frame(std::string("\x81\x82zzzzhi", 8)).state, ServerFrame::State::wrong) << "masked";
  EXPECT_EQ(read_server_frame(std::string("\xc1\x00", 2)).state, ServerFrame::State::wrong) << "reserved bit";
  EXPECT_EQ(read_server_frame(std::string("\x83\x00", 2)).state, ServerFrame::State::wrong) << "no such opcode";
}

TEST(Frames, AClientsFrameIsMaskedWithZeros) {
  std::string out;
  append_client_frame(out, websocket::Opcode::text, "hi");
  EXPECT_EQ(out, std::string("\x81\x82\0\0\0\0hi", 8));
  out.clear();
  append_client_frame(out, websocket::Opcode::binary, std::string(70'000, 'x'));
  EXPECT_EQ(out.size(), 70'014U);
  EXPECT_EQ(out.substr(0, 10), std::string("\x82\xff\0\0\0\0\0\x01\x11\x70", 10));
}

TEST(Frames, TheUpgradesAnswer) {
  const std::string good =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nsec-websocket-accept:  s3pPLMBiTxaQ9kYGzzhZRbK+xOo= ";
  EXPECT_EQ(check_upgrade_answer(good), "");
  EXPECT_NE(check_upgrade_answer("HTTP/1.1 403 Forbidden\r\n"), "");
  EXPECT_NE(check_upgrade_answer("HTTP/1.1 101 x\r\nUpgrade: websocket"), "");
  EXPECT_NE(check_upgrade_answer("HTTP/1.1 101 x\r\nSec-WebSocket-Accept: other"), "");
}

TEST(Carry, UnitsComeWholeHoweverTheBytesAreCut) {
  const std::string stream = "one;two;three;";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    for (std::size_t second = cut; second <= stream.size(); ++second) {
      Carry carry;
      std::vector<std::string> units;
      const auto use = [&](std::string_view bytes) {
        std::size_t used = 0;
        for (std::size_t end = bytes.find(';'); end != std::string_view::npos; end = bytes.find(';', used)) {
          units.emplace_back(bytes.substr(used, end - used));
          used = end + 1;
        }
        return used;
      };
      carry.feed(stream.substr(0, cut), use);
      carry.feed(stream.substr(cut, second - cut), use);
      carry.feed(stream.substr(second), use);
      ASSERT_EQ(units, (std::vector<std::string>{"one", "two", "three"}));
    }
  }
}

TEST(Faults, Forms) {
  const Result<Fault> kill = parse_fault("4711@2.5", true);
  ASSERT_TRUE(kill.ok());
  EXPECT_EQ(kill->pid, 4711);
  EXPECT_EQ(kill->at_s, 2.5);
  EXPECT_EQ(parse_fault("4711@1+0.5", false)->for_s, 0.5);
  for (const char* bad : {"", "4711", "@3", "x@3", "1@3", "4711@", "4711@x", "4711@-1"})
    EXPECT_FALSE(parse_fault(bad, true).ok()) << bad;
  EXPECT_FALSE(parse_fault("4711@1+1", true).ok());
}

Options options_for(Scenario scenario) {
  Options options;
  options.scenario = scenario;
  options.rooms = 3;
  options.members = 4;
  options.subscribers = 5;
  options.publishers = 2;
  options.room_prefix = "p";
  return options;
}

TEST(Plan, Chat) {
  const Options options = options_for(Scenario::chat);
  Ledger ledger(1, 1);
  const std::vector<PlannedClient> plan = make_plan(options, ledger);
  ASSERT_EQ(plan.size(), 12U);
  EXPECT_EQ(ledger.streams(), 12U);
  EXPECT_EQ(plan[5].filters, std::vector<std::string>{"p/1"});
  EXPECT_EQ(ledger.room_name(ledger.room_of(plan[5].streams.front())), "p/1");
  ledger.publish(plan[5].streams.front());
  EXPECT_EQ(ledger.outstanding(), 4U) << "the room's members, the publisher among them";
}

TEST(Plan, FanoutAndConnect) {
  Ledger ledger(1, 1);
  EXPECT_EQ(make_plan(options_for(Scenario::fanout), ledger).size(), 3U * 5 + 3 * 2);
  Ledger storm(1, 1);
  const std::vector<PlannedClient> plan = make_plan(options_for(Scenario::connect), storm);
  EXPECT_EQ(plan.size(), 5U + 2) << "subscribers in all, and two that probe every room";
  EXPECT_EQ(plan.back().streams.size(), 3U);
}

TEST(Plan, IotHasWildcardsWhereTheProtocolHasThem) {
  Options options = options_for(Scenario::iot);
  options.client.protocol = Protocol::mqtt;
  Ledger ledger(1, 1);
  const std::vector<PlannedClient> plan = make_plan(options, ledger);
  EXPECT_EQ(plan[0].filters, std::vector<std::string>{"p/+/temp"});
  ledger.publish(1);
  EXPECT_EQ(ledger.outstanding(), 5U);
  options.client.protocol = Protocol::native;
  Ledger native(1, 1);
  EXPECT_EQ(make_plan(options, native)[0].filters.size(), 2U);
}

TEST(Options, WhatDoesNotGoTogetherIsSaid) {
  Options options;
  EXPECT_FALSE(check_options(options).ok()) << "no URL";
  options.urls.push_back(*Url::parse("mqtt://h"));
  options.client.protocol = Protocol::mqtt;
  EXPECT_TRUE(check_options(options).ok());
  options.scenario = Scenario::offline;
  EXPECT_FALSE(check_options(options).ok()) << "QoS 0";
  options.client.qos = mqtt::QoS::at_least_once;
  EXPECT_TRUE(check_options(options).ok());
  options.client.payload_bytes = 10;
  EXPECT_FALSE(check_options(options).ok());
}

}  // namespace
}  // namespace parley::loadtest
