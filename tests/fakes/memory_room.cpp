#include "tests/fakes/memory_room.h"

#include <algorithm>

namespace parley::fakes {

namespace {

bool listed(EntryType type) { return type != EntryType::edit && type != EntryType::remove && type != EntryType::reaction; }

bool has_target(EntryType type) { return !listed(type) || type == EntryType::pin; }

// A copy without its content, as it stays after a delete.
EntryPtr blanked(const Entry& entry) {
  auto copy = std::make_shared<Entry>(entry);
  copy->body.clear();
  copy->content_type.clear();
  copy->properties.clear();
  copy->deleted = true;
  return copy;
}

}  // namespace

MemoryRoom::MemoryRoom(RoomId id, NewRoom room, UnixMs now) {
  info_.id = id;
  info_.name = std::move(room.name);
  info_.title = std::move(room.title);
  info_.visibility = room.visibility;
  info_.keep = room.keep;
  info_.created = now;
  if (!room.owner_id.empty()) change_member({room.owner_id, room.owner_name, Role::owner}, now);
}

MemoryRoom::Row* MemoryRoom::row(Seq seq) {
  if (seq < info_.floor || seq > info_.head) return nullptr;
  return &rows_[static_cast<std::size_t>(seq - info_.floor)];
}

std::optional<Result<Appended>> MemoryRoom::find_repeat(const NewEntry& entry) {
  if (entry.cid.empty()) return std::nullopt;
  const auto found = cids_.find({entry.user_id, entry.cid});
  if (found == cids_.end()) return std::nullopt;
  const Row& first = *row(found->second);
  if (first.fingerprint.has_value() && first.fingerprint != Fingerprint({entry.type, entry.target, entry.body})) {
    return Result<Appended>(Code::conflict, "this cid was used for another entry");
  }
  return Result<Appended>(Appended{first.entry->seq, first.entry->ts, first.entry->messages, true});
}

Status MemoryRoom::check(const NewEntry& entry) {
  if (has_target(entry.type)) {
    const Row* target = row(entry.target);
    if (target == nullptr || target->entry->type != EntryType::message || target->entry->deleted) {
      return {Code::not_found, "no such message"};
    }
    if (!entry.target_author.empty() && target->entry->user_id != entry.target_author) {
      return {Code::forbidden, "the message is another user's"};
    }
  }
  if (entry.type == EntryType::reaction) {
    if (auto reaction = parse_reaction(entry.body); !reaction.ok()) return reaction.error();
  }
  if (entry.member && entry.member->role == Role::guest) return {Code::bad_request, "a guest is not a member"};
  return ok_status();
}

Result<Appended> MemoryRoom::append(const NewEntry& entry, UnixMs now) {
  if (auto repeat = find_repeat(entry)) return *repeat;
  if (auto status = check(entry); !status.ok()) return status.error();

  auto stored = std::make_shared<Entry>();
  stored->room = info_.id;
  stored->seq = ++info_.head;
  stored->ts = info_.last_ts = std::max(info_.last_ts, now);
  stored->type = entry.type;
  stored->payload = entry.payload;
  stored->target = entry.target;
  stored->messages = info_.messages += entry.type == EntryType::message ? 1 : 0;
  stored->expires = entry.expires;
  stored->user_id = entry.user_id;
  stored->user_name = entry.user_name;
  stored->cid = entry.cid;
  stored->body = entry.body;
  stored->content_type = entry.content_type;
  stored->properties = entry.properties;
  if (!entry.cid.empty()) cids_[{entry.user_id, entry.cid}] = stored->seq;
  const Appended answer{stored->seq, stored->ts, stored->messages, false};
  if (entry.retain) retained_ = entry.body.empty() ? nullptr : stored;
  rows_.push_back({std::move(stored), Fingerprint({entry.type, entry.target, entry.body})});
  apply_effects(entry, answer.ts);
  return answer;
}

void MemoryRoom::apply_effects(const NewEntry& entry, UnixMs ts) {
  if (entry.type == EntryType::edit) {
    Row* target = row(entry.target);
    auto copy = std::make_shared<Entry>(*target->entry);
    copy->payload = entry.payload;
    copy->body = entry.body;
    copy->content_type = entry.content_type;
    copy->properties = entry.properties;
    copy->edited = true;
    if (retained_ != nullptr && retained_->seq == entry.target) retained_ = copy;
    target->entry = std::move(copy);
  }
  if (entry.type == EntryType::remove) remove_message(entry.target);
  if (entry.type == EntryType::reaction) react(entry);
  if (entry.member) change_member(*entry.member, ts);
  if (entry.settings) {
    info_.title = entry.settings->title.value_or(info_.title);
    info_.visibility = entry.settings->visibility.value_or(info_.visibility);
    info_.keep = entry.settings->keep.value_or(info_.keep);
  }
}

void MemoryRoom::remove_message(Seq target) {
  for (Row& each : rows_) {
    const bool is_edit_of_it = each.entry->type == EntryType::edit && each.entry->target == target;
    if (each.entry->seq != target && !is_edit_of_it) continue;
    each.entry = blanked(*each.entry);
    each.fingerprint.reset();
  }
  reactions_.erase(target);
  if (retained_ != nullptr && retained_->seq == target) retained_ = nullptr;
}

void MemoryRoom::react(const NewEntry& entry) {
  const ReactionState state = parse_reaction(entry.body).value();
  auto& on = reactions_[entry.target];
  const auto same = [&](const On& each) { return each.key == state.key && each.user_id == entry.user_id; };
  const auto found = std::find_if(on.begin(), on.end(), same);
  if (found != on.end()) {
    if (!state.on) on.erase(found);
  } else if (state.on) {
    on.push_back({state.key, entry.user_id, entry.user_name});
  }
}

void MemoryRoom::change_member(const MemberChange& change, UnixMs ts) {
  if (!change.role) {
    members_.erase(change.user_id);
  } else {
    auto [place, fresh] = members_.try_emplace(change.user_id);
    Member& member = place->second;
    if (fresh || (member.role == Role::banned && change.role != Role::banned)) member.joined = ts;
    member.user_id = change.user_id;
    member.user_name = change.user_name;
    member.role = *change.role;
  }
  info_.members = 0;
  for (const auto& [id, member] : members_) info_.members += member.role != Role::banned ? 1 : 0;
}

LogPage MemoryRoom::read(Seq after, unsigned entries_max, std::size_t bytes_max) const {
  LogPage page;
  page.floor = info_.floor;
  page.head = info_.head;
  std::size_t bytes = 0;
  for (const Row& each : rows_) {
    if (each.entry->seq <= after) continue;
    bytes += each.entry->footprint();
    if (page.entries.size() >= entries_max || (bytes > bytes_max && !page.entries.empty())) break;
    page.entries.push_back(each.entry);
  }
  return page;
}

HistoryPage MemoryRoom::history(const HistoryQuery& query) const {
  HistoryPage page;
  page.as_of = info_.head;
  page.floor = info_.floor;
  const bool forward = query.before == 0 && query.has_after;
  std::vector<EntryPtr> match;
  for (const Row& each : rows_) {
    const Seq seq = each.entry->seq;
    const bool inside = forward ? seq > query.after : query.before == 0 || seq < query.before;
    if (inside && listed(each.entry->type)) match.push_back(each.entry);
  }
  page.more = match.size() > query.limit;
  if (page.more && forward) match.resize(query.limit);
  if (page.more && !forward) match.erase(match.begin(), match.end() - query.limit);
  for (EntryPtr& entry : match) {
    const Seq seq = entry->seq;
    page.items.push_back({std::move(entry), reactions_of(seq, query.viewer)});
  }
  return page;
}

std::vector<Reaction> MemoryRoom::reactions_of(Seq target, const std::string& viewer) const {
  std::vector<Reaction> out;
  const auto found = reactions_.find(target);
  if (found == reactions_.end()) return out;
  for (const On& on : found->second) {
    auto place = std::find_if(out.begin(), out.end(), [&](const Reaction& each) { return each.key == on.key; });
    if (place == out.end()) place = out.insert(out.end(), Reaction{on.key, 0, false, {}});
    ++place->count;
    place->mine = place->mine || on.user_id == viewer;
    if (place->names.size() < 10) place->names.push_back(on.user_name);
  }
  return out;
}

unsigned MemoryRoom::unread(const std::string& user_id) const {
  const auto mark = marks_.find(user_id);
  unsigned count = 0;
  for (const Row& each : rows_) {
    const Entry& entry = *each.entry;
    const bool after = mark == marks_.end() || entry.seq > mark->second;
    if (after && entry.type == EntryType::message && !entry.deleted && entry.user_id != user_id) ++count;
  }
  return std::min(count, 1000U);
}

RoomView MemoryRoom::view(const std::string& user_id) const {
  RoomView view;
  view.room = info_;
  if (const auto found = members_.find(user_id); found != members_.end()) view.role = found->second.role;
  if (const auto found = marks_.find(user_id); found != marks_.end()) view.read = found->second;
  view.unread = unread(user_id);
  return view;
}

Result<Member> MemoryRoom::member(const std::string& user_id) const {
  const auto found = members_.find(user_id);
  if (found == members_.end()) return {Code::not_found, "not a member"};
  return found->second;
}

std::vector<Member> MemoryRoom::members_after(const std::string& after, unsigned limit) const {
  std::vector<Member> out;
  for (auto place = members_.upper_bound(after); place != members_.end() && out.size() < limit; ++place) {
    out.push_back(place->second);
  }
  return out;
}

ReadMark MemoryRoom::set_read(const std::string& user_id, Seq seq) {
  Seq& mark = marks_[user_id];
  mark = std::max(mark, std::min(seq, info_.head));
  return {mark, unread(user_id)};
}

unsigned MemoryRoom::prune(const Retention& retention, UnixMs now, unsigned rows_max, Seq held) {
  Seq wanted = info_.floor;
  for (const Row& each : rows_) {
    const Entry& entry = *each.entry;
    const bool too_many = retention.entries_max != 0 && info_.head - entry.seq >= retention.entries_max;
    const bool too_old = retention.age_max_ms != 0 && entry.ts < now - retention.age_max_ms;
    if (!too_many && !too_old) break;
    wanted = entry.seq + 1;
  }
  wanted = std::min(wanted, std::max(held, wanted > retention.held_entries_max ? wanted - retention.held_entries_max : 0));
  unsigned count = 0;
  for (; info_.floor < wanted && count < rows_max; ++count, ++info_.floor) {
    const Entry& oldest = *rows_.front().entry;
    if (!oldest.cid.empty()) cids_.erase({oldest.user_id, oldest.cid});
    reactions_.erase(oldest.seq);
    rows_.pop_front();
  }
  return count;
}

}  // namespace parley::fakes
