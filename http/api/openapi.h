#pragma once

#include <string_view>

namespace parley::api {

// The description of REST (OpenAPI 3.1), http/api/openapi.json as it was at build time.
std::string_view openapi_document();

}  // namespace parley::api
