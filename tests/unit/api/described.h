#pragma once

// What the OpenAPI document says about one request.

#include <cjson/cJSON.h>

#include <memory>
#include <string>
#include <string_view>

#include "http/api/openapi.h"
#include "http/message.h"

namespace parley::api::test {

struct FreeNode {
  void operator()(cJSON* node) const { cJSON_Delete(node); }
};
using Node = std::unique_ptr<cJSON, FreeNode>;

inline Node parse_openapi() {
  const std::string_view text = openapi_document();
  return Node(cJSON_ParseWithLength(text.data(), text.size()));
}

// Whether the path fits the pattern, segment by segment.
inline bool fits(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const std::string_view want = pattern.substr(0, pattern.find('/', 1));
    const std::string_view have = path.substr(0, path.find('/', 1));
    if (want.substr(0, 2) != "/{" && want != have) return false;
    pattern.remove_prefix(want.size());
    path.remove_prefix(have.size());
  }
  return pattern.empty() && path.empty();
}

// Whether the answer to that request may have the status. True for what is no described operation at all.
inline bool is_described(const cJSON* document, http::Method method, const std::string& target, int status) {
  std::string word(http::to_string(method));
  for (char& c : word) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  const std::string path = "/api/v1" + target.substr(0, target.find('?'));
  const cJSON* item = nullptr;
  cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(document, "paths")) {
    if (!fits(item->string, path)) continue;
    const cJSON* operation = cJSON_GetObjectItemCaseSensitive(item, word.c_str());
    if (operation == nullptr) continue;
    const cJSON* responses = cJSON_GetObjectItemCaseSensitive(operation, "responses");
    return cJSON_GetObjectItemCaseSensitive(responses, std::to_string(status).c_str()) != nullptr;
  }
  return true;
}

}  // namespace parley::api::test
