#pragma once

// Base64 with padding (RFC 4648 §4).

#include <string>
#include <string_view>

namespace parley {

std::string base64_encode(std::string_view bytes);

}  // namespace parley
