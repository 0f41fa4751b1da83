#include "broker/core/strangers.h"

#include <algorithm>

namespace parley {

namespace {
constexpr std::size_t names_max = 100'000;
}

bool Strangers::wanted(const std::string& name) const {
  if (interest_.empty()) return false;
  interest_.match(name, matched_);
  return !matched_.empty();
}

Seq Strangers::stood_at(RoomId room) const {
  Seq seq = 0;
  if (const auto found = covered_.find(room); found != covered_.end()) seq = found->second;
  if (const auto found = dropped_.find(room); found != dropped_.end()) seq = std::max(seq, found->second);
  return seq;
}

// ---- what others do

void Strangers::heard_of(RoomId room) {
  if (interest_.empty()) return;
  if (const auto name = names_.find(room); name != names_.end() && !wanted(name->second)) return;
  catch_up_.hurry();
}

void Strangers::find_wanted(RoomId room, UniqueFunction<void(const LogRoomPtr&)> done) {
  if (interest_.empty()) return;
  with_name(room, [this, done = std::move(done)](const Result<std::string>& name) mutable {
    if (!name || !wanted(*name)) return;
    rooms_.with_room(*name, [done = std::move(done)](const Result<LogRoomPtr>& found) mutable {
      if (found) done(found.value());
    });
  });
}

// Once per room however many ask, so that they go on in their order.
void Strangers::with_name(RoomId room, Reply<std::string> done) {
  const auto line = names_asked_.find(room);
  if (line != names_asked_.end()) return line->second.push_back(std::move(done));
  if (const auto name = names_.find(room); name != names_.end()) return done(std::string(name->second));
  names_asked_[room].push_back(std::move(done));
  store_.view_room(room, {}, [this, room](const Result<RoomView>& view) {
    if (view) {
      if (names_.size() >= names_max) names_.clear();
      names_[room] = view->room.name;
    }
    auto waiting = names_asked_.extract(room);
    for (Reply<std::string>& waiter : waiting.mapped()) {
      waiter(view ? Result<std::string>(view->room.name) : Result<std::string>(view.error()));
    }
  });
}

void Strangers::poll_begins() {
  for (const auto& [room, seq] : dropped_) covered_[room] = std::max(covered_[room], seq);
  dropped_.clear();
}

void Strangers::poll_ended(const std::vector<RoomHead>& moved) {
  if (interest_.empty()) {
    moved_.clear();
  } else {
    for (const RoomHead& room : moved) {
      const Seq at = std::max(room.before, stood_at(room.room));
      const auto [known, fresh] = moved_.try_emplace(room.room, at);
      if (!fresh) known->second = std::min(known->second, at);
    }
  }
  covered_.clear();
  std::vector<RoomId> rooms;
  for (const auto& [room, seq] : moved_) rooms.push_back(room);
  for (const RoomId room : rooms) load(room);
}

// ---- loading

void Strangers::load(RoomId room) {
  if (!moved_.contains(room) || !loading_.insert(room).second) return;
  with_name(room, [this, room](const Result<std::string>& name) {
    if (!name) return loaded(room, name.error().code != Code::unavailable);
    if (!wanted(*name)) return loaded(room, true);
    rooms_.with_room(*name, [this, room](const Result<LogRoomPtr>& found) {
      loaded(room, found.ok() || found.error().code != Code::unavailable);
    });
  });
}

// Not settled: it is tried again after the next poll.
void Strangers::loaded(RoomId room, bool settled) {
  loading_.erase(room);
  if (settled) moved_.erase(room);
  if (!loading_.empty()) return;
  for (UniqueFunction<void()>& done : std::exchange(waiters_, {})) done();
}

void Strangers::when_loaded(UniqueFunction<void()> done) {
  if (loading_.empty()) return done();
  waiters_.push_back(std::move(done));
}

void Strangers::settle(RoomInfo info, Reply<RoomInfo> done) {
  if (!catch_up_.replicated() || info.head == 0 || !wanted(info.name)) return done(std::move(info));
  const auto place = [this](RoomInfo& room) {
    const auto found = moved_.find(room.id);
    if (found == moved_.end()) return;
    room.head = std::min(room.head, found->second);
    moved_.erase(found);
  };
  if (moved_.contains(info.id)) {
    place(info);
    return done(std::move(info));
  }
  catch_up_.sync([place, info = std::move(info), done = std::move(done)](const Result<Nothing>& looked) mutable {
    if (!looked) return done(looked.error());
    place(info);
    done(std::move(info));
  });
}

void Strangers::dropped(const LogRoom& room) {
  if (!interest_.empty()) dropped_[room.info.id] = room.tail.head();
}

void Strangers::clear() {
  moved_.clear();
  covered_.clear();
  dropped_.clear();
}

}  // namespace parley
