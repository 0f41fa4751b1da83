#pragma once

// Names of rooms, which are MQTT topic names (MQTT 5 §4.7).

#include <string_view>

#include "broker/base/result.h"

namespace parley {

// ok when the name can be a room's: 1 to `bytes_max` bytes of UTF-8 without U+0000, no '+' or '#', at most `levels_max` levels,
// not beginning with '$'. Otherwise bad_request or too_large.
Status check_room_name(std::string_view name, std::size_t bytes_max, unsigned levels_max);

}  // namespace parley
