#include "tests/fakes/memory_store.h"

#include <algorithm>

#include "storage/ascii.h"

namespace parley::fakes {

namespace {
Error no_room() { return {Code::not_found, "no such room"}; }

std::size_t content_bytes(const NewEntry& entry) {
  return entry.user_id.size() + entry.user_name.size() + entry.cid.size() + entry.body.size() + entry.content_type.size() +
         entry.properties.size();
}
}  // namespace

MemoryStore::MemoryStore(Executor& owner, MemoryStoreSettings settings)
    : owner_(owner), settings_(std::move(settings)), shared_(std::make_shared<Shared>()) {
  shared_->epoch = settings_.epoch;
}
MemoryStore::MemoryStore(Executor& owner, MemoryStore& other)
    : owner_(owner), settings_(other.settings_), shared_(other.shared_) {}
MemoryStore::~MemoryStore() { *alive_ = false; }

Error MemoryStore::failing() { return {Code::unavailable, "the store was told to fail"}; }

void MemoryStore::append(std::vector<NewEntry> batch, UnixMs now, Reply<std::vector<Result<Appended>>> done) {
  if (closing_) return;
  ++appends_called_;
  const bool fails = appends_to_fail_ > 0;
  if (fails) --appends_to_fail_;
  commit_later([this, batch = std::move(batch), now, done = std::move(done), fails]() mutable {
    if (fails) return done(failing());
    done(append_now(batch, now));
  });
}

void MemoryStore::commit_later(UniqueFunction<void()> commit) {
  if (closing_) return;
  waiting_.push_back(std::move(commit));
  if (!held_) post_commit();
}

void MemoryStore::post_commit() {
  owner_.post([this, alive = alive_] {
    if (*alive && !held_) commit_oldest();
  });
}

void MemoryStore::release_commits() {
  held_ = false;
  for (std::size_t i = 0; i < waiting_.size(); ++i) post_commit();
}

void MemoryStore::release_answers() {
  owner_.post([this, alive = alive_] {
    if (!*alive) return;
    for (UniqueFunction<void()>& answer : std::exchange(late_, {})) answer();
  });
}

Seq MemoryStore::head_of(const std::string& name) const {
  const auto found = rooms_.names.find(name);
  return found == rooms_.names.end() ? 0 : rooms_.find(found->second)->info().head;
}

void MemoryStore::release_one_commit() {
  owner_.post([this, alive = alive_] {
    if (*alive) commit_oldest();
  });
}

void MemoryStore::commit_oldest() {
  if (waiting_.empty()) return;
  UniqueFunction<void()> next = std::move(waiting_.front());
  waiting_.pop_front();
  next();
}

std::vector<Result<Appended>> MemoryStore::append_now(const std::vector<NewEntry>& batch, UnixMs now) {
  std::vector<Result<Appended>> results;
  for (const NewEntry& entry : batch) results.push_back(append_one(entry, now));
  return results;
}

Result<Appended> MemoryStore::append_one(const NewEntry& entry, UnixMs now) {
  MemoryRoom* place = room(entry.room);
  if (place == nullptr) return no_room();
  if (content_bytes(entry) > settings_.entry_bytes_max) return {Code::too_large, "the entry is larger than the store takes"};
  if (auto instead = sessions_.before_append(entry)) return *instead;
  auto result = place->append(entry, now);
  if (result.ok()) sessions_.after_append(entry, *result);
  if (result.ok() && !result->duplicate) shared_->moves.push_back({entry.room, result->seq, result->seq - 1});
  return result;
}

void MemoryStore::read(RoomId id, Seq after, unsigned entries_max, std::size_t bytes_max, Reply<LogPage> done) {
  ++reads_called_;
  answer(std::move(done), [this, id, after, entries_max, bytes_max]() -> Result<LogPage> {
    if (MemoryRoom* place = room(id)) return place->read(after, entries_max, bytes_max);
    return no_room();
  });
}

void MemoryStore::history(HistoryQuery query, Reply<HistoryPage> done) {
  answer(std::move(done), [this, query = std::move(query)]() -> Result<HistoryPage> {
    if (MemoryRoom* place = room(query.room)) return place->history(query);
    return no_room();
  });
}

void MemoryStore::find_room(std::string name, Reply<RoomInfo> done) {
  answer(std::move(done), [this, name = std::move(name)]() -> Result<RoomInfo> {
    const auto found = rooms_.names.find(name);
    if (found == rooms_.names.end()) return no_room();
    return room(found->second)->info();
  });
}

void MemoryStore::create_room(NewRoom wanted, UnixMs now, Reply<RoomInfo> done) {
  answer(std::move(done), [this, wanted = std::move(wanted), now]() mutable -> Result<RoomInfo> {
    const auto id = static_cast<RoomId>(rooms_.list.size() + 1);
    if (!rooms_.names.try_emplace(wanted.name, id).second) return {Code::conflict, "a room of this name exists"};
    rooms_.list.push_back(std::make_unique<MemoryRoom>(id, std::move(wanted), now));
    return rooms_.list.back()->info();
  });
}

void MemoryStore::list_rooms(RoomsQuery query, Reply<std::vector<RoomView>> done) {
  answer(std::move(done), [this, query = std::move(query)]() -> Result<std::vector<RoomView>> {
    const std::string needle = ascii_lower(query.contains);
    std::vector<RoomView> out;
    for (auto place = rooms_.names.upper_bound(query.after); place != rooms_.names.end() && out.size() < query.limit; ++place) {
      RoomView view = room(place->second)->view(query.user_id);
      const bool wanted = query.mine ? view.role >= Role::member : view.room.visibility == Visibility::open;
      const bool matches = ascii_contains(view.room.name, needle) || ascii_contains(view.room.title, needle);
      if (wanted && matches) out.push_back(std::move(view));
    }
    return out;
  });
}

void MemoryStore::view_room(RoomId id, std::string user_id, Reply<RoomView> done) {
  answer(std::move(done), [this, id, user_id = std::move(user_id)]() -> Result<RoomView> {
    if (MemoryRoom* place = room(id)) return place->view(user_id);
    return no_room();
  });
}

void MemoryStore::find_member(RoomId id, std::string user_id, Reply<Member> done) {
  answer(std::move(done), [this, id, user_id = std::move(user_id)]() -> Result<Member> {
    if (MemoryRoom* place = room(id)) return place->member(user_id);
    return no_room();
  });
}

void MemoryStore::list_members(RoomId id, std::string after, unsigned limit, Reply<std::vector<Member>> done) {
  answer(std::move(done), [this, id, after = std::move(after), limit]() -> Result<std::vector<Member>> {
    if (MemoryRoom* place = room(id)) return place->members_after(after, limit);
    return no_room();
  });
}

void MemoryStore::set_read(RoomId id, std::string user_id, Seq seq, Reply<ReadMark> done) {
  answer(std::move(done), [this, id, user_id = std::move(user_id), seq]() -> Result<ReadMark> {
    if (MemoryRoom* place = room(id)) return place->set_read(user_id, seq);
    return no_room();
  });
}

void MemoryStore::create_account(Account account, Reply<Nothing> done) {
  answer(std::move(done), [this, account = std::move(account)]() mutable -> Status {
    const std::string name = ascii_lower(account.name);
    if (account_names_.contains(name) || accounts_.contains(account.id)) return {Code::conflict, "the name is taken"};
    account_names_[name] = account.id;
    accounts_[account.id] = std::move(account);
    return ok_status();
  });
}

void MemoryStore::find_account_by_name(std::string name, Reply<Account> done) {
  answer(std::move(done), [this, name = ascii_lower(name)]() -> Result<Account> {
    const auto found = account_names_.find(name);
    if (found == account_names_.end()) return {Code::not_found, "no such user"};
    return accounts_.at(found->second);
  });
}

void MemoryStore::find_account(std::string id, Reply<Account> done) {
  answer(std::move(done), [this, id = std::move(id)]() -> Result<Account> {
    const auto found = accounts_.find(id);
    if (found == accounts_.end()) return {Code::not_found, "no such user"};
    return found->second;
  });
}

void MemoryStore::put_refresh(RefreshToken token, Reply<Nothing> done) {
  answer(std::move(done), [this, token = std::move(token)]() mutable -> Status {
    const std::string hash = token.hash;
    refresh_[hash] = {std::move(token), false, {}};
    return ok_status();
  });
}

void MemoryStore::rotate_refresh(std::string old_hash, RefreshToken next, UnixMs now, Reply<RefreshToken> done) {
  answer(std::move(done), [this, old_hash = std::move(old_hash), next = std::move(next), now]() mutable -> Result<RefreshToken> {
    const auto found = refresh_.find(old_hash);
    if (found == refresh_.end()) return {Code::unauthorized, "unknown or revoked refresh token"};
    const auto successor = refresh_.find(found->second.successor);
    const bool repeatable = successor != refresh_.end() && !successor->second.replaced;
    if (found->second.replaced && !repeatable) {
      const std::string family = found->second.token.family;
      std::erase_if(refresh_, [&](const auto& each) { return each.second.token.family == family; });
      return {Code::conflict, family};
    }
    if (found->second.token.expires <= now) return {Code::unauthorized, "the refresh token has expired"};
    if (repeatable) successor->second.replaced = true;
    found->second.replaced = true;
    found->second.successor = next.hash;
    const RefreshToken old = found->second.token;
    next.family = old.family;
    next.user_id = old.user_id;
    const std::string hash = next.hash;
    refresh_[hash] = {std::move(next), false, {}};
    return old;
  });
}

void MemoryStore::revoke_refresh(std::string hash, Reply<std::string> done) {
  answer(std::move(done), [this, hash = std::move(hash)]() -> Result<std::string> {
    const auto found = refresh_.find(hash);
    if (found == refresh_.end()) return {Code::not_found, "unknown refresh token"};
    const std::string family = found->second.token.family;
    std::erase_if(refresh_, [&](const auto& each) { return each.second.token.family == family; });
    return family;
  });
}

void MemoryStore::prune(Retention retention, UnixMs now, Reply<std::vector<Pruned>> done) {
  answer(std::move(done), [this, retention, now]() -> Result<std::vector<Pruned>> {
    std::vector<Pruned> out;
    unsigned left = retention.rows_max;
    for (auto& each : rooms_.list) {
      const unsigned count = each->prune(retention, now, left, sessions_.held(each->info()));
      left -= count;
      if (count > 0) out.push_back({each->info().id, each->info().floor});
    }
    return out;
  });
}

void MemoryStore::moved_heads(std::string since, Reply<MovedHeads> done) {
  answer(std::move(done), [this, since = std::move(since)]() -> Result<MovedHeads> {
    MovedHeads answer{std::to_string(shared_->moves.size()), shared_->epoch, {}};
    if (since.empty()) return answer;
    std::map<RoomId, RoomHead> moved;
    for (std::size_t i = std::stoull(since); i < shared_->moves.size(); ++i) {
      const RoomHead& move = shared_->moves[i];
      moved.try_emplace(move.room, move).first->second.head = move.head;
    }
    for (const auto& [id, head] : moved) answer.rooms.push_back(head);
    return answer;
  });
}

void MemoryStore::durability(Reply<Durability> done) {
  answer(std::move(done), []() -> Result<Durability> { return Durability::local; });
}

void MemoryStore::probe(Reply<Nothing> done) {
  answer(std::move(done), [] { return ok_status(); });
}

void MemoryStore::close(UniqueFunction<void()> done) {
  if (closing_) return;
  closing_ = true;
  release_commits();
  owner_.post([this, alive = alive_, done = std::move(done)]() mutable {
    if (!*alive) return;
    while (*alive && !waiting_.empty()) commit_oldest();
    if (*alive) done();
  });
}

}  // namespace parley::fakes
