#include "broker/core/log_room.h"

#include "broker/protocol/json.h"

namespace parley {

void RoomPresence::arrive(const Subject& subject) {
  Here& here = users_[subject.user_id];
  here.name = subject.name;
  if (++here.subscriptions > 1) return;
  if (left_.erase(subject.user_id) == 0) joined_[subject.user_id] = subject.name;
}

void RoomPresence::depart(const Subject& subject) {
  const auto found = users_.find(subject.user_id);
  if (found == users_.end() || --found->second.subscriptions > 0) return;
  if (joined_.erase(subject.user_id) == 0) left_[subject.user_id] = found->second.name;
  users_.erase(found);
}

std::vector<Member> RoomPresence::people(std::size_t names_max) const {
  std::vector<Member> out;
  if (users_.size() > names_max) return out;
  out.reserve(users_.size());
  for (const auto& [id, here] : users_) out.push_back({id, here.name, Role::guest, 0});
  return out;
}

std::string RoomPresence::take_news(std::size_t names_max) {
  if (joined_.empty() && left_.empty()) return {};
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("count", users_.size());
  if (users_.size() <= names_max) {
    for (const auto& [word, list] : {std::pair{"joined", &joined_}, std::pair{"left", &left_}}) {
      writer.key(word).begin_array();
      for (const auto& [id, name] : *list) writer.begin_object().member("id", id).member("name", name).end_object();
      writer.end_array();
    }
  }
  writer.end_object();
  joined_.clear();
  left_.clear();
  return body;
}

}  // namespace parley
