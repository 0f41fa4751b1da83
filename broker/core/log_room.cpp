#include "broker/core/log_room.h"

#include "broker/protocol/json.h"

namespace parley {

void RoomPresence::joined(const std::string& id, const std::string& name) {
  if (left_.erase(id) == 0) joined_[id] = name;
}

void RoomPresence::left(const std::string& id, const std::string& name) {
  if (joined_.erase(id) == 0) left_[id] = name;
}

void RoomPresence::arrive(const Subject& subject) {
  Here& here = users_[subject.user_id];
  here.name = subject.name;
  if (++here.subscriptions > 1) return;
  ++own_;
  own_changed = true;
  if (!here.elsewhere) joined(subject.user_id, subject.name);
}

void RoomPresence::depart(const Subject& subject) {
  const auto found = users_.find(subject.user_id);
  if (found == users_.end() || found->second.subscriptions == 0 || --found->second.subscriptions > 0) return;
  --own_;
  own_changed = true;
  if (found->second.elsewhere) return;
  left(subject.user_id, found->second.name);
  users_.erase(found);
}

void RoomPresence::set_elsewhere(const std::map<std::string, std::string>& people, std::uint64_t counted) {
  counted_elsewhere_ = counted;
  for (auto it = users_.begin(); it != users_.end();) {
    auto& [id, here] = *it;
    if (!here.elsewhere || people.contains(id)) {
      ++it;
      continue;
    }
    here.elsewhere = false;
    if (here.subscriptions > 0) {
      ++it;
      continue;
    }
    left(id, here.name);
    it = users_.erase(it);
  }
  for (const auto& [id, name] : people) {
    Here& here = users_[id];
    if (here.subscriptions == 0 && !here.elsewhere) {
      here.name = name;
      joined(id, name);
    }
    here.elsewhere = true;
  }
}

std::vector<Member> RoomPresence::people(std::size_t names_max) const {
  std::vector<Member> out;
  if (count() > names_max) return out;
  out.reserve(users_.size());
  for (const auto& [id, here] : users_) out.push_back({id, here.name, Role::guest, 0});
  return out;
}

std::vector<envelope::Here::Person> RoomPresence::own_people(std::size_t names_max) const {
  std::vector<envelope::Here::Person> out;
  if (own_ > names_max) return out;
  for (const auto& [id, here] : users_) {
    if (here.subscriptions > 0) out.push_back({id, here.name});
  }
  return out;
}

void RoomPresence::forget_news() {
  joined_.clear();
  left_.clear();
  count_told_ = count();
}

std::string RoomPresence::take_news(std::size_t names_max, bool partial) {
  if (joined_.empty() && left_.empty() && count() == count_told_) return {};
  count_told_ = count();
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("count", count());
  if (partial) writer.member("partial", true);
  if (count() <= names_max) {
    for (const auto& [word, list] : {std::pair{"joined", &joined_}, std::pair{"left", &left_}}) {
      writer.key(word).begin_array();
      for (const auto& [id, name] : *list) writer.begin_object().member("id", id).member("name", name).end_object();
      writer.end_array();
    }
  }
  writer.end_object();
  forget_news();
  return body;
}

}  // namespace parley
