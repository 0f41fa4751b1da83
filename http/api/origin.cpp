#include "http/api/origin.h"

#include <algorithm>

#include "http/authority.h"

namespace parley::api {

bool is_own_origin(const http::Request& request, const std::vector<std::string>& allowed) {
  if (request.header_count("origin") == 0) return true;
  if (request.header_count("origin") > 1) return false;
  const std::string_view origin = request.header("origin");
  if (std::find(allowed.begin(), allowed.end(), origin) != allowed.end()) return true;
  const std::size_t colon = origin.find("://");
  if (colon == std::string_view::npos) return false;
  const std::string_view scheme = origin.substr(0, colon);
  if (scheme != "http" && scheme != "https") return false;
  const std::string_view authority = origin.substr(colon + 3);
  if (!http::is_authority(authority) || !http::is_authority(request.header("host"))) return false;
  return http::normalized_authority(authority, scheme) == http::normalized_authority(request.header("host"), scheme);
}

}  // namespace parley::api
