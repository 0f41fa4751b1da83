// The description says what the router does: every route is in it, and nothing else is.

#include "http/api/openapi.h"

#include <set>

#include "tests/unit/api/api_fixture.h"
#include "tests/unit/api/described.h"

namespace parley::api::test {
namespace {

std::string upper(std::string word) {
  for (char& c : word) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return word;
}

constexpr std::array<std::string_view, 5> methods = {"get", "post", "put", "patch", "delete"};
bool is_method(std::string_view key) { return std::find(methods.begin(), methods.end(), key) != methods.end(); }

// Calls `visit(method and path, operation)`.
template <typename Visit>
void for_each_operation(const cJSON* document, Visit visit) {
  const cJSON* path = nullptr;
  cJSON_ArrayForEach(path, cJSON_GetObjectItemCaseSensitive(document, "paths")) {
    const cJSON* operation = nullptr;
    cJSON_ArrayForEach(operation, path) {
      if (is_method(operation->string)) visit(upper(operation->string) + " " + path->string, operation);
    }
  }
}

TEST(Openapi, IsStrictJson) {
  EXPECT_TRUE(json::check(openapi_document(), 64).ok());
  const Node document = parse_openapi();
  ASSERT_NE(document, nullptr);
  EXPECT_STREQ(cJSON_GetObjectItemCaseSensitive(document.get(), "openapi")->valuestring, "3.1.0");
}

TEST(Openapi, HasEveryRouteAndNoOther) {
  Server server;
  std::set<std::string> routes;
  for (const Api::RouteInfo& route : server.api.routes()) {
    EXPECT_TRUE(routes.insert(std::string(http::to_string(route.method)) + " " + route.pattern).second) << route.pattern;
  }
  std::set<std::string> described;
  const Node document = parse_openapi();
  for_each_operation(document.get(), [&](const std::string& name, const cJSON*) { described.insert(name); });
  EXPECT_EQ(routes, described);
  EXPECT_GE(routes.size(), 20U);
}

TEST(Openapi, SaysHowEachRouteKnowsWhoAsks) {
  Server server;
  const Node document = parse_openapi();
  for (const Api::RouteInfo& route : server.api.routes()) {
    for_each_operation(document.get(), [&](const std::string& name, const cJSON* operation) {
      if (name != std::string(http::to_string(route.method)) + " " + route.pattern) return;
      char* text = cJSON_PrintUnformatted(cJSON_GetObjectItemCaseSensitive(operation, "security"));
      const std::string security = text;
      cJSON_free(text);
      switch (route.access) {
        case Api::Access::open:
          EXPECT_EQ(security, "[]") << name;
          break;
        case Api::Access::cookie:
          EXPECT_EQ(security, R"([{"refreshCookie":[]}])") << name;
          break;
        case Api::Access::user:
          EXPECT_EQ(security, R"([{"bearer":[]},{}])") << name;
          break;
        case Api::Access::token:
          EXPECT_EQ(security, R"([{"bearer":[]}])") << name;
          break;
      }
    });
  }
}

// Calls `visit(reference)` for each "$ref" below the node.
template <typename Visit>
void for_each_reference(const cJSON* node, Visit visit) {
  const cJSON* child = nullptr;
  cJSON_ArrayForEach(child, node) {
    if (child->string != nullptr && std::string_view(child->string) == "$ref") visit(std::string(child->valuestring));
    for_each_reference(child, visit);
  }
}

TEST(Openapi, ReferencesLeadSomewhere) {
  const Node document = parse_openapi();
  std::size_t count = 0;
  for_each_reference(document.get(), [&](const std::string& reference) {
    ++count;
    ASSERT_EQ(reference.rfind("#/", 0), 0U) << reference;
    const cJSON* node = document.get();
    for (std::size_t at = 2; node != nullptr && at <= reference.size();) {
      const std::size_t slash = std::min(reference.find('/', at), reference.size());
      node = cJSON_GetObjectItemCaseSensitive(node, reference.substr(at, slash - at).c_str());
      at = slash + 1;
    }
    EXPECT_NE(node, nullptr) << reference;
  });
  EXPECT_GT(count, 50U);
}

}  // namespace
}  // namespace parley::api::test
