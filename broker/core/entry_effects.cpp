#include "broker/core/entry_effects.h"

#include "broker/protocol/json.h"

namespace parley {

namespace {

template <typename T>
std::optional<T> member(Result<std::optional<T>> found) {
  return found ? std::move(found).value() : std::nullopt;
}

std::optional<MemberChange> named_change(const Entry& entry) {
  const Result<json::Object> body = json::Object::parse(entry.body);
  if (!body) return std::nullopt;
  const auto user_text = member(body->object("user"));
  const auto word = member(body->string("role"));
  Role role = Role::guest;
  if (!user_text || !word || !parse_role(*word, role)) return std::nullopt;
  const Result<json::Object> user = json::Object::parse(*user_text);
  if (!user) return std::nullopt;
  MemberChange change;
  change.user_id = member(user->string("id")).value_or("");
  change.user_name = member(user->string("name")).value_or("");
  if (role != Role::guest) change.role = role;
  if (change.user_id.empty()) return std::nullopt;
  return change;
}

}  // namespace

std::optional<MemberChange> member_change_of(const Entry& entry) {
  switch (entry.type) {
    case EntryType::join:
      return MemberChange{entry.user_id, entry.user_name, Role::member};
    case EntryType::leave:
      return MemberChange{entry.user_id, entry.user_name, std::nullopt};
    case EntryType::member:
      return named_change(entry);
    default:
      return std::nullopt;
  }
}

std::optional<RoomChange> room_change_of(const Entry& entry) {
  if (entry.type != EntryType::room) return std::nullopt;
  const Result<json::Object> body = json::Object::parse(entry.body);
  if (!body) return std::nullopt;
  RoomChange change;
  change.title = member(body->string("title"));
  Visibility visibility = Visibility::open;
  if (const auto word = member(body->string("visibility")); word && parse_visibility(*word, visibility))
    change.visibility = visibility;
  Keep keep = Keep::all;
  if (const auto word = member(body->string("keep")); word && parse_keep(*word, keep)) change.keep = keep;
  return change;
}

}  // namespace parley
