#pragma once

// Internal to net: libuv's error numbers as ours.

#include <string>
#include <string_view>

#include "broker/base/result.h"

namespace parley::net {

// unavailable, with "what: the system's text".
Error uv_failure(std::string_view what, int uv_error);

}  // namespace parley::net
