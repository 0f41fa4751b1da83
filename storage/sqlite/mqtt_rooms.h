#pragma once

// Walking over the rooms that a topic filter matches, in bounded steps, ascending by name.

#include <functional>

#include "storage/mqtt_store.h"
#include "storage/sqlite/connection.h"

namespace parley::sqlite {

// Looks at `rooms_max` rooms at most after the name `after` and hands each that matches to `visit`, with its head; those that it
// says yes to are in the page, with their retained messages where they are asked for.
RoomsPage walk_rooms(Connection& connection, std::string_view filter, const RoomsStep& step,
                     const std::function<bool(MatchedRoom&)>& visit);

}  // namespace parley::sqlite
