#pragma once

// What the body of a reaction entry says (docs/protocol.md, "Publish"): every store folds reactions, and all read them here.

#include <string>
#include <string_view>

#include "broker/base/result.h"

namespace parley {

struct ReactionState {
  std::string key;
  bool on = false;
};

// bad_request when the body is not {"key":"…","on":true|false} with a key that is not empty.
Result<ReactionState> parse_reaction(std::string_view body);

}  // namespace parley
