#include "http/upgrade.h"

#include <gtest/gtest.h>

#include <functional>

namespace parley::http {
namespace {

const UpgradeEndpoint ws{"/ws", {"parley.v1"}, false};
const UpgradeEndpoint mqtt{"/mqtt", {"mqtt", "mqttv3.1"}, true};

Request valid() {
  Request request;
  request.path = "/ws";
  request.headers = {{"host", "chat.example:8080"},
                     {"upgrade", "websocket"},
                     {"connection", "Upgrade"},
                     {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="},
                     {"sec-websocket-version", "13"}};
  return request;
}

void set(Request& request, const std::string& name, const std::string& value) {
  for (auto& [key, own] : request.headers) {
    if (key == name) {
      own = value;
      return;
    }
  }
  request.headers.emplace_back(name, value);
}
void remove(Request& request, const std::string& name) {
  std::erase_if(request.headers, [&](const auto& header) { return header.first == name; });
}

TEST(Upgrade, TheStandardsExample) {  // RFC 6455 §1.3
  const UpgradeAnswer answer = answer_upgrade(valid(), ws, {});
  ASSERT_TRUE(answer.accepted);
  EXPECT_EQ(answer.bytes,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  EXPECT_EQ(answer.subprotocol, "");
}

// RFC 6455 §4.1's own example of a key has bits behind its last byte.
TEST(Upgrade, BitsBehindTheKeysLastByteAreIgnored) {
  Request request = valid();
  set(request, "sec-websocket-key", "AQIDBAUGBwgJCgsMDQ4PEC==");
  EXPECT_TRUE(answer_upgrade(request, ws, {}).accepted);
}

TEST(Upgrade, TakesTokensInAnyCaseAndPlace) {
  Request request = valid();
  set(request, "upgrade", "h2c, WebSocket");
  set(request, "connection", "keep-alive, UPGRADE");
  set(request, "sec-websocket-extensions", "permessage-deflate; client_max_window_bits");
  const UpgradeAnswer answer = answer_upgrade(request, ws, {});
  ASSERT_TRUE(answer.accepted);
  EXPECT_EQ(answer.bytes.find("Extensions"), std::string::npos);
}

struct Refused {
  const char* name;
  int status;
  std::function<void(Request&)> change;
};
class Refusals : public ::testing::TestWithParam<Refused> {};

TEST_P(Refusals, AreAnswered) {
  Request request = valid();
  GetParam().change(request);
  const UpgradeAnswer answer = answer_upgrade(request, ws, {});
  EXPECT_FALSE(answer.accepted);
  EXPECT_EQ(answer.bytes, "");
  EXPECT_EQ(answer.refusal.status, GetParam().status);
  EXPECT_EQ(answer.refusal.header("content-type"), "application/problem+json");
  if (GetParam().status == 426) {
    EXPECT_EQ(answer.refusal.header("sec-websocket-version"), "13");
    EXPECT_EQ(answer.refusal.header("upgrade"), "websocket");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Upgrade, Refusals,
    ::testing::Values(
        Refused{"post", 405, [](Request& r) { r.method = Method::post; }}, Refused{"head", 405, [](Request& r) { r.method = Method::head; }},
        Refused{"http_1_0", 400, [](Request& r) { r.http_1_0 = true; }}, Refused{"no_upgrade", 426, [](Request& r) { remove(r, "upgrade"); }},
        Refused{"other_upgrade", 426, [](Request& r) { set(r, "upgrade", "websocket2"); }},
        Refused{"no_connection", 400, [](Request& r) { remove(r, "connection"); }},
        Refused{"other_connection", 400, [](Request& r) { set(r, "connection", "keep-alive"); }},
        Refused{"no_version", 426, [](Request& r) { remove(r, "sec-websocket-version"); }},
        Refused{"version_8", 426, [](Request& r) { set(r, "sec-websocket-version", "8"); }},
        Refused{"version_list", 426, [](Request& r) { set(r, "sec-websocket-version", "13, 8"); }},
        Refused{"two_versions", 426, [](Request& r) { r.headers.emplace_back("sec-websocket-version", "13"); }},
        Refused{"no_key", 400, [](Request& r) { remove(r, "sec-websocket-key"); }},
        Refused{"two_keys", 400, [](Request& r) { r.headers.emplace_back("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="); }},
        Refused{"short_key", 400, [](Request& r) { set(r, "sec-websocket-key", "dGhlIHNhbXBsZSBub25j"); }},
        Refused{"long_key", 400, [](Request& r) { set(r, "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZXg="); }},
        Refused{"key_not_base64", 400, [](Request& r) { set(r, "sec-websocket-key", "dGhlIHNhbXBsZSBub25j*Q=="); }},
        Refused{"key_without_padding", 400, [](Request& r) { set(r, "sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ"); }},
        Refused{"body", 400, [](Request& r) { r.body = "x"; }},
        Refused{"unknown_subprotocol", 400, [](Request& r) { set(r, "sec-websocket-protocol", "graphql-ws"); }},
        Refused{"subprotocol_in_other_case", 400, [](Request& r) { set(r, "sec-websocket-protocol", "Parley.V1"); }},
        Refused{"malformed_subprotocols", 400, [](Request& r) { set(r, "sec-websocket-protocol", "parley.v1, a b"); }},
        Refused{"empty_subprotocol", 400, [](Request& r) { set(r, "sec-websocket-protocol", ""); }},
        Refused{"foreign_origin", 403, [](Request& r) { set(r, "origin", "https://evil.example"); }},
        Refused{"other_port_origin", 403, [](Request& r) { set(r, "origin", "http://chat.example:8081"); }},
        Refused{"suffix_origin", 403, [](Request& r) { set(r, "origin", "http://chat.example:8080.evil.example"); }},
        Refused{"userinfo_origin", 403, [](Request& r) { set(r, "origin", "http://chat.example:8080@evil.example"); }},
        Refused{"null_origin", 403, [](Request& r) { set(r, "origin", "null"); }},
        Refused{"empty_origin", 403, [](Request& r) { set(r, "origin", ""); }}, Refused{"two_origins", 403, [](Request& r) {
          r.headers.emplace_back("origin", "http://chat.example:8080");
          r.headers.emplace_back("origin", "http://chat.example:8080");
        }}),
    [](const ::testing::TestParamInfo<Refused>& refused) { return refused.param.name; });

TEST(Upgrade, ChoosesTheSubprotocolByTheServersPreference) {
  Request request = valid();
  request.headers.emplace_back("sec-websocket-protocol", "x, mqttv3.1");
  request.headers.emplace_back("sec-websocket-protocol", "mqtt");
  const UpgradeAnswer answer = answer_upgrade(request, mqtt, {});
  ASSERT_TRUE(answer.accepted);
  EXPECT_EQ(answer.subprotocol, "mqtt");
  EXPECT_NE(answer.bytes.find("\r\nSec-WebSocket-Protocol: mqtt\r\n"), std::string::npos);
}

TEST(Upgrade, AnEndpointMayRequireItsSubprotocol) { EXPECT_EQ(answer_upgrade(valid(), mqtt, {}).refusal.status, 400); }

TEST(Upgrade, LetsThePagesOfItsOwnHostIn) {
  Request request = valid();
  set(request, "origin", "http://CHAT.example:8080");
  EXPECT_TRUE(answer_upgrade(request, ws, {}).accepted);
  set(request, "host", "chat.example");
  set(request, "origin", "https://chat.example");
  EXPECT_TRUE(answer_upgrade(request, ws, {}).accepted);
  set(request, "host", "chat.example:443");
  EXPECT_TRUE(answer_upgrade(request, ws, {}).accepted);
}

TEST(Upgrade, AListOfOriginsStandsInPlaceOfTheOwnHost) {
  Request request = valid();
  set(request, "origin", "https://app.example");
  EXPECT_TRUE(answer_upgrade(request, ws, {"https://app.example"}).accepted);
  EXPECT_FALSE(answer_upgrade(request, ws, {"https://other.example"}).accepted);
  EXPECT_TRUE(answer_upgrade(request, ws, {"*"}).accepted);
  set(request, "origin", "http://chat.example:8080");
  EXPECT_FALSE(answer_upgrade(request, ws, {"https://app.example"}).accepted);
}

}  // namespace
}  // namespace parley::http
