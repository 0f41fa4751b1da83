#pragma once

// Pages of history as REST writes them: entries in the native protocol's form, with reactions folded in.

#include <string>
#include <string_view>

#include "storage/store.h"

namespace parley::api {

std::string page_json(const HistoryPage& page, std::string_view room, std::string_view epoch);
// {"seq","ts"}, and "duplicate":true for a repeat.
std::string appended_json(const Appended& appended);

}  // namespace parley::api
