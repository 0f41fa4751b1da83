#include "broker/core/mqtt/exchange.h"

#include <algorithm>

#include "broker/core/mqtt/client.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

namespace {
constexpr std::size_t rooms_introduced_max = 100'000;
}

Exchange::Exchange(Surroundings around, HashKey key) : around_(around), tree_(key) { around_.hub.set_filtered(this); }

Exchange::~Exchange() {
  around_.hub.set_filtered(nullptr);
  sessions_.clear();
}

// ---- connections

void Exchange::take_over(SlotId id) {
  if (Client* there = client(id)) {
    counters().taken_over.add();
    there->end(Reason::session_taken_over, "another connection has come with this client identifier");
  }
}

// ---- sessions

Session& Exchange::open(std::unique_ptr<SessionState> state) {
  auto made = std::make_unique<Session>(*this, std::move(*state));
  made->set_place(static_cast<std::uint32_t>(sessions_.size()));
  return *sessions_.emplace_back(std::move(made));
}

Session* Exchange::session(Hub::SessionId id) const { return static_cast<Session*>(around_.hub.session(id)); }

void Exchange::end(Session& session) {
  const std::uint32_t place = session.place();
  const std::unique_ptr<Session> gone = std::exchange(sessions_[place], std::move(sessions_.back()));
  sessions_.pop_back();
  if (place < sessions_.size()) sessions_[place]->set_place(place);
}

void Exchange::close(Session& session, std::uint64_t generation, std::uint32_t expiry_s, std::optional<WillMessage> will) {
  session.unbind();
  const SharedText client_id = session.client_id();
  if (expiry_s == 0) {
    // Interest ends behind the registry's last look at the session, so that nothing is asked for twice.
    for (const std::string& filter : session.filters()) {
      hub().log().tell([follower = hub().follower(), filter](Log& log) { log.remove_interest(follower, filter); });
    }
    around_.registry.tell([client_id, generation, will = std::move(will)](Registry& registry) mutable {
      registry.end(client_id.view(), generation, std::move(will));
    });
    return end(session);
  }
  // Before the session counts as left: a crash in between must not look like a good end, and the client may be at another replica
  // a moment later.
  if (std::optional<SessionSave> save = session.take_save()) {
    around_.registry.tell(
        [save = std::move(*save)](Registry& registry) mutable { registry.save(std::move(save), [](const Result<Nothing>&) {}); });
  }
  around_.registry.call<Nothing>(
      [client_id, generation, filters = session.filters(), expiry_s, will = std::move(will)](Registry& registry,
                                                                                             Reply<Nothing> reply) mutable {
        registry.leave(client_id.view(), generation, std::move(filters), expiry_s, std::move(will), std::move(reply));
      },
      [this, id = session.id(), client_id, generation](const Result<Nothing>&) { hand_over(id, client_id, generation); });
}

void Exchange::hand_over(Hub::SessionId id, const SharedText& client_id, std::uint64_t generation) {
  Session* const there = session(id);
  if (there == nullptr) return;
  for (const std::string& filter : there->filters()) {
    hub().log().tell([follower = hub().follower(), filter](Log& log) { log.remove_interest(follower, filter); });
  }
  around_.registry.tell([client_id, generation, state = there->take_state()](Registry& registry) mutable {
    registry.left(client_id.view(), generation, std::move(state));
  });
  end(*there);
}

void Exchange::tick() {
  for (const auto& session : sessions_) session->on_tick();
}

// ---- the index of filters

void Exchange::add_filter(Session& session, std::uint32_t place, const std::string& filter) {
  if (is_shared(filter)) return;  // the group's
  tree_.add(filter, {session.id(), place});
  ++generation_;
}

void Exchange::remove_filter(Session& session, std::uint32_t /*place*/, const std::string& filter) {
  if (!is_shared(filter)) tree_.remove(filter, session.id());
}

void Exchange::attaching(RoomId room, bool begins) {
  if (begins) {
    ++attaching_[room];
  } else if (const auto found = attaching_.find(room); found != attaching_.end() && --found->second == 0) {
    attaching_.erase(found);
  }
}

void Exchange::for_each_match(const std::string& name,
                              const std::function<void(Session&, const std::vector<std::uint32_t>&)>& f) {
  std::vector<FilterOwner> matched;
  tree_.match(name, matched);
  std::sort(matched.begin(), matched.end(), [](const FilterOwner& a, const FilterOwner& b) { return a.id < b.id; });
  std::vector<std::uint32_t> places;
  for (auto it = matched.begin(); it != matched.end();) {
    const SlotId id = it->id;
    places.clear();
    for (; it != matched.end() && it->id == id; ++it) places.push_back(it->data);
    if (Session* const there = session(id)) f(*there, places);
  }
}

void Exchange::introduce(RoomId room, const std::string& name, std::optional<Seq> before) {
  if (introduced_.size() > rooms_introduced_max) introduced_.clear();
  Introduced& as_of = introduced_[room];
  if (as_of.entries == generation_ || (!before && as_of.messages == generation_)) return;
  for_each_match(name,
                 [&](Session& session, const std::vector<std::uint32_t>& places) { session.wants(room, name, before, places); });
  // After a message that is not kept the first entry is still to be noted.
  as_of.messages = generation_;
  if (before) as_of.entries = generation_;
}

void Exchange::entries_come(RoomId room, const std::string& name, Seq before) { introduce(room, name, before); }

void Exchange::messages_come(const Run& run) {
  introduce(run.room, *run.name, std::nullopt);
  if (!attaching_.contains(run.room)) return;
  for_each_match(*run.name, [&](Session& session, const std::vector<std::uint32_t>&) { session.hold(run); });
}

void Exchange::rights_changed(RoomId room, const std::string& user_id) {
  introduced_.erase(room);
  for (const auto& session : sessions_) session->ask_again(room, user_id);
}

void Exchange::deliver_shared(Hub::SessionId id, const std::string& filter, const std::string& room, const EntryPtr& entry) {
  if (Session* const there = session(id)) there->deliver_shared(filter, room, entry);
}

// ---- $SYS

void Exchange::publish_system(std::vector<SystemTopic> topics) {
  for (SystemTopic& topic : topics) {
    auto entry = std::make_shared<Entry>();
    entry->ts = clock().unix_ms();
    entry->payload = Payload::text;
    entry->body = std::move(topic.value);
    EntryPtr& kept = system_[topic.name];
    kept = std::move(entry);
    for_each_match(topic.name, [&](Session& session, const std::vector<std::uint32_t>& places) {
      session.deliver_loose(kept, topic.name, places, false);
    });
  }
}

}  // namespace parley::mqtt
