#pragma once

// Names of rooms, which are MQTT topic names (MQTT 5 §4.7).

#include <string_view>

#include "broker/base/result.h"

namespace parley {

// What names and filters have in common: 1 to `bytes_max` bytes of UTF-8 without U+0000, at most `levels_max` levels. Otherwise
// bad_request or too_large, with a message about `what`.
Status check_topic_text(std::string_view what, std::string_view text, std::size_t bytes_max, unsigned levels_max);

// ok when the name can be a room's: as above, no '+' or '#', and not beginning with '$'. Otherwise bad_request or too_large.
Status check_room_name(std::string_view name, std::size_t bytes_max, unsigned levels_max);

}  // namespace parley
