#include "http/forwarded.h"

#include <gtest/gtest.h>

#include "http/cors.h"

namespace parley::http {
namespace {

ForwardedPolicy trusting(std::initializer_list<const char*> networks,
                         ForwardedPolicy::Kind kind = ForwardedPolicy::Kind::x_forwarded) {
  ForwardedPolicy policy;
  for (const char* network : networks) policy.trusted.push_back(Cidr::parse(network).value());
  policy.kind = kind;
  return policy;
}
Client resolve(const ForwardedPolicy& policy, const std::string& peer, Headers headers, bool secure = false) {
  Request request;
  request.headers = std::move(headers);
  return resolve_client(policy, peer, secure, request);
}

TEST(Cidr, Contains) {
  const auto contains = [](const char* network, const char* address) {
    return Cidr::parse(network).value().contains(parse_ip(address).value());
  };
  EXPECT_TRUE(contains("10.0.0.0/8", "10.255.0.1"));
  EXPECT_FALSE(contains("10.0.0.0/8", "11.0.0.1"));
  EXPECT_TRUE(contains("192.0.2.128/25", "192.0.2.200"));
  EXPECT_FALSE(contains("192.0.2.128/25", "192.0.2.127"));
  EXPECT_TRUE(contains("0.0.0.0/0", "203.0.113.9"));
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_TRUE(contains("fd00::/8", "fdab::1"));
  EXPECT_TRUE(contains("10.1.2.3", "::ffff:10.1.2.3"));
  EXPECT_FALSE(contains("::1", "::2"));
  for (const char* bad :
       {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0/8", "a/8", "10.0.0.0/-1", "10.0.0.0/0008"}) {
    EXPECT_FALSE(Cidr::parse(bad)) << bad;
  }
}

TEST(Forwarded, NobodyIsBelievedByDefault) {
  const Client client = resolve({}, "203.0.113.1", {{"x-forwarded-for", "198.51.100.1"}, {"x-forwarded-proto", "https"}});
  EXPECT_EQ(client.address, "203.0.113.1");
  EXPECT_FALSE(client.secure);
}

TEST(Forwarded, AProxyThatIsNotTrustedIsTheClient) {
  const Client client =
      resolve(trusting({"10.0.0.0/8"}), "203.0.113.1", {{"x-forwarded-for", "198.51.100.1"}, {"x-forwarded-proto", "https"}});
  EXPECT_EQ(client.address, "203.0.113.1");
  EXPECT_FALSE(client.secure);
}

TEST(Forwarded, WalksBackToTheFirstThatIsNotTrusted) {
  const ForwardedPolicy policy = trusting({"10.0.0.0/8"});
  const Client client =
      resolve(policy, "10.0.0.1",
              {{"x-forwarded-for", "6.6.6.6, 198.51.100.1"}, {"x-forwarded-for", "10.0.0.2"}, {"x-forwarded-proto", "https"}});
  EXPECT_EQ(client.address, "198.51.100.1") << "what the client wrote itself (6.6.6.6) is not believed";
  EXPECT_TRUE(client.secure);
}

TEST(Forwarded, TakesPortsAndIpv6) {
  const ForwardedPolicy policy = trusting({"::1"});
  EXPECT_EQ(resolve(policy, "::1", {{"x-forwarded-for", "198.51.100.1:4711"}}).address, "198.51.100.1");
  EXPECT_EQ(resolve(policy, "::1", {{"x-forwarded-for", "[2001:db8::7]:4711"}}).address, "2001:db8::7");
  EXPECT_EQ(resolve(policy, "::1", {{"x-forwarded-for", "2001:db8::7"}}).address, "2001:db8::7");
}

TEST(Forwarded, NonsenseEndsAtTheProxy) {
  const ForwardedPolicy policy = trusting({"10.0.0.0/8"});
  for (const char* value : {"unknown", "_hidden", "localhost", "", ",", "[", "]", "[]", ":", "\"", "1.2.3"}) {
    EXPECT_EQ(resolve(policy, "10.0.0.1", {{"x-forwarded-for", value}}).address, "10.0.0.1") << value;
  }
}

TEST(Forwarded, SchemesBelongToTheirAddresses) {
  const ForwardedPolicy policy = trusting({"10.0.0.0/8"});
  EXPECT_TRUE(
      resolve(policy, "10.0.0.1", {{"x-forwarded-for", "198.51.100.1, 10.0.0.2"}, {"x-forwarded-proto", "https, http"}}).secure);
  EXPECT_FALSE(resolve(policy, "10.0.0.1", {{"x-forwarded-for", "198.51.100.1"}, {"x-forwarded-proto", "http"}}, true).secure);
  EXPECT_TRUE(resolve(policy, "10.0.0.1", {{"x-forwarded-proto", "https"}}).secure);
}

TEST(Forwarded, TheStandardHeader) {  // RFC 7239 §4
  const ForwardedPolicy policy = trusting({"10.0.0.0/8"}, ForwardedPolicy::Kind::forwarded);
  const Client client =
      resolve(policy, "10.0.0.1", {{"forwarded", "For=\"[2001:db8:cafe::17]:4711\";proto=https;by=203.0.113.43, for=10.0.0.2"}});
  EXPECT_EQ(client.address, "2001:db8:cafe::17");
  EXPECT_TRUE(client.secure);
  EXPECT_EQ(resolve(policy, "10.0.0.1", {{"forwarded", "for=unknown;proto=https"}}).address, "10.0.0.1");
  EXPECT_EQ(resolve(policy, "10.0.0.1", {{"x-forwarded-for", "198.51.100.1"}}).address, "10.0.0.1")
      << "the kind that the proxies do not set";
}

Request preflight(const std::string& origin) {
  Request request;
  request.method = Method::options;
  request.headers = {{"origin", origin}, {"access-control-request-method", "POST"}};
  return request;
}

TEST(Cors, NoOtherOriginByDefault) {
  const std::optional<Response> response = answer_preflight({}, preflight("https://a.example"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 204);
  EXPECT_EQ(response->header("access-control-allow-origin"), "");
}

TEST(Cors, AListedOriginIsPermitted) {
  CorsPolicy policy;
  policy.origins = {"https://a.example"};
  policy.credentials = true;
  const std::optional<Response> response = answer_preflight(policy, preflight("https://a.example"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->header("access-control-allow-origin"), "https://a.example");
  EXPECT_EQ(response->header("access-control-allow-credentials"), "true");
  EXPECT_EQ(response->header("access-control-allow-methods"), "GET, HEAD, POST, PUT, PATCH, DELETE");
  EXPECT_EQ(response->header("access-control-max-age"), "600");
  EXPECT_EQ(response->header("vary"), "Origin");
  const std::optional<Response> other = answer_preflight(policy, preflight("https://a.example.evil.example"));
  ASSERT_TRUE(other);
  EXPECT_EQ(other->header("access-control-allow-origin"), "");
  EXPECT_EQ(other->header("vary"), "Origin");
}

TEST(Cors, AllOriginsNeverWithCredentials) {
  CorsPolicy policy;
  policy.origins = {"*"};
  policy.credentials = true;
  Response response = Response::json(200, "{}");
  response.headers.emplace_back("Vary", "Accept-Encoding");
  permit(policy, "https://a.example", response);
  EXPECT_EQ(response.header("access-control-allow-origin"), "*");
  EXPECT_EQ(response.header("access-control-allow-credentials"), "");
  EXPECT_EQ(response.header("access-control-expose-headers"), "Retry-After");
  policy.origins = {"https://a.example"};
  permit(policy, "https://b.example", response);
  EXPECT_EQ(response.header("vary"), "Accept-Encoding, Origin");
}

TEST(Cors, AnOrdinaryOptionsIsNoPreflight) {
  Request request = preflight("https://a.example");
  request.headers.pop_back();
  EXPECT_FALSE(answer_preflight({}, request));
  request = preflight("https://a.example");
  request.method = Method::get;
  EXPECT_FALSE(answer_preflight({}, request));
}

}  // namespace
}  // namespace parley::http
