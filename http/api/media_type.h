#pragma once

#include <string_view>

namespace parley::api {

// Whether a Content-Type is application/json, with any parameters (RFC 9110 §8.3.1).
bool is_json_media_type(std::string_view content_type);

}  // namespace parley::api
