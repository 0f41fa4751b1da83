#include "http/api/media_type.h"

#include "http/text.h"

namespace parley::api {

bool is_json_media_type(std::string_view content_type) {
  return http::equals_ignoring_case(http::trim(content_type.substr(0, content_type.find(';'))), "application/json");
}

}  // namespace parley::api
