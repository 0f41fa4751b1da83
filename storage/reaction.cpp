#include "storage/reaction.h"

#include "broker/protocol/json.h"

namespace parley {

Result<ReactionState> parse_reaction(std::string_view body) {
  const Error malformed{Code::bad_request, R"(a reaction's body is {"key":"…","on":true|false})"};
  auto object = json::Object::parse(body);
  if (!object.ok()) return malformed;
  auto key = object->string("key");
  auto on = object->boolean("on");
  if (!key.ok() || !on.ok() || !key->has_value() || !on->has_value() || key.value()->empty()) return malformed;
  return ReactionState{std::move(**key), **on};
}

}  // namespace parley
