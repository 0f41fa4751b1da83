#include "broker/core/mqtt/registry.h"

#include <algorithm>

#include "broker/core/mqtt/message.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

namespace {
constexpr std::size_t rooms_seen_max = 100'000;
}

Registry::Registry(Log& log, const Clock& clock, HashKey key, RegistrySettings settings, TakeOver& workers, Store* store)
    : log_(log),
      clock_(clock),
      settings_(std::move(settings)),
      workers_(workers),
      store_(store),
      sessions_(store == nullptr ? nullptr : store->mqtt()),
      follower_(log.add_follower(*this)),
      watched_(key) {
  stored_tick();  // the lease comes before the first session
}

Registry::~Registry() { log_.remove_follower(follower_); }

// ---- arriving

void Registry::arrive(Arrival arrival, Reply<Welcome> done) {
  std::unique_ptr<Known>& slot = known_[arrival.client_id];
  if (!slot) {
    slot = std::make_unique<Known>();
    slot->number = next_number_++;
    by_number_[slot->number] = slot.get();
  }
  Known& known = *slot;
  const std::string user = arrival.subject->guest ? std::string() : arrival.subject->user_id;
  const bool anybodys = !busy(known) && !known.state;
  if (!anybodys && known.user_id != user) {
    return done({Code::forbidden, "this client identifier belongs to a session of another user"});
  }
  if (anybodys && arrival.expiry_s != 0 && known_.size() - owned_ > settings_.sessions_max) {
    if (known.waiting.empty()) forget(arrival.client_id);
    return done({Code::too_large, "there are too many sessions"});
  }
  known.user_id = user;
  Waiting waiting{std::move(arrival), std::move(done)};
  if (!busy(known)) return open(known, std::move(waiting));
  known.waiting.push_back(std::move(waiting));
  if (known.owned) {
    numbers_.taken_over.add();
    workers_.take_over(known.owner);
  }
}

// Positions in a log that is no more.
void Registry::epoch_changed() {
  for (auto& [client_id, known] : known_) {
    known->positions.clear();
    if (known->state) known->state->positions.clear();
  }
}

void Registry::admit(Known& known, Waiting waiting, SessionKey stored) {
  known.opening = false;
  Arrival& arrival = waiting.arrival;
  Welcome welcome;
  const bool resumes = known.state != nullptr && !arrival.clean_start;
  if (known.will) {
    // The session goes on before the delay has passed: no will [MQTT-3.1.3-9]. It ends: now.
    if (!resumes) publish_will(known.subject, std::move(*known.will));
    known.will.reset();
  }
  if (resumes) {
    for (const std::string& filter : known.filters) log_.add_interest(arrival.owner.worker, filter);
    for (auto& [room, position] : known.positions) known.state->positions.push_back(std::move(position));
    // A guest has no name to come back under but its session's.
    if (!known.state->subject->guest) known.state->subject = arrival.subject;
    welcome.state = std::move(known.state);
    welcome.state->stored = stored;
  }
  unwatch(known);
  known.positions.clear();
  known.state.reset();
  known.subject = welcome.state ? welcome.state->subject : arrival.subject;
  known.owned = true;
  ++owned_;
  known.owner = arrival.owner;
  known.expires = 0;
  known.generation = next_generation_++;
  welcome.generation = known.generation;
  welcome.stored = known.stored = stored;
  waiting.done(std::move(welcome));
  // Somebody else has come meanwhile: the one that was let in is taken over in its turn.
  if (known.waiting.empty()) return;
  numbers_.taken_over.add();
  workers_.take_over(known.owner);
}

void Registry::admit_next(const std::string& client_id) {
  Known& known = *known_.at(client_id);
  if (busy(known) || known.waiting.empty()) return;
  Waiting next = std::move(known.waiting.front());
  known.waiting.pop_front();
  open(known, std::move(next));
}

// ---- leaving

Registry::Known* Registry::find(const std::string& client_id, std::uint64_t generation) {
  const auto found = known_.find(client_id);
  return found == known_.end() || found->second->generation != generation ? nullptr : found->second.get();
}

void Registry::leave(const std::string& client_id, std::uint64_t generation, std::vector<std::string> filters,
                     std::uint32_t expiry_s, std::optional<WillMessage> will, Reply<Nothing> done) {
  if (Known* known = find(client_id, generation); known != nullptr && known->owned) {
    known->owned = false;
    --owned_;
    known->leaving = true;
    watch(*known, std::move(filters));
    if (expiry_s != never_expires) {
      known->expires = clock_.mono_ms() + MonoMs{expiry_s} * 1000;
      due(known->expires, client_id);
    }
    if (known->stored.id != 0) {
      close_stored(*known, expiry_s, will.has_value());
    } else {
      schedule_will(client_id, *known, std::move(will), expiry_s);
    }
  }
  done(Nothing{});
}

void Registry::left(const std::string& client_id, std::uint64_t generation, std::unique_ptr<SessionState> state) {
  Known* known = find(client_id, generation);
  if (known == nullptr || !known->leaving) return;
  known->leaving = false;
  // What the worker noted comes first.
  for (Position& position : state->positions) known->positions.insert_or_assign(position.room, std::move(position));
  state->positions.clear();
  // A SUBSCRIBE that was under way has added to what `leave` brought.
  std::vector<std::string> filters;
  for (const SubscriptionState& subscription : state->subscriptions) {
    if (!is_shared(subscription.filter)) filters.push_back(subscription.filter);
  }
  if (filters.size() != known->filters.size()) {
    unwatch(*known);
    watch(*known, std::move(filters));
  }
  known->state = std::move(state);
  admit_next(client_id);
}

void Registry::end(const std::string& client_id, std::uint64_t generation, std::optional<WillMessage> will) {
  Known* known = find(client_id, generation);
  if (known == nullptr || !known->owned) return;
  known->owned = false;
  --owned_;
  if (known->stored.id != 0) {
    close_stored(*known, 0, will.has_value());
    known->stored = {};
  } else if (will) {
    publish_will(known->subject, std::move(*will));
  }
  if (known->waiting.empty()) return forget(client_id);
  admit_next(client_id);
}

void Registry::forget(const std::string& client_id) {
  const auto found = known_.find(client_id);
  unwatch(*found->second);
  by_number_.erase(found->second->number);
  known_.erase(found);
}

// ---- wills

void Registry::schedule_will(const std::string& client_id, Known& known, std::optional<WillMessage> will,
                             std::uint32_t expiry_s) {
  if (!will) return;
  const std::uint32_t delay_s = std::min(will->delay_s, expiry_s);
  if (delay_s == 0) return publish_will(known.subject, std::move(*will));
  known.will = std::move(will);
  known.will_due = clock_.mono_ms() + MonoMs{delay_s} * 1000;
  due(known.will_due, client_id);
}

void Registry::publish_will(const SubjectPtr& subject, WillMessage will) {
  numbers_.wills.add();
  parley::Publish publish;
  publish.room = std::move(will.topic);
  publish.payload = classify_payload(will.payload);
  publish.body = std::move(will.payload);
  publish.content_type = std::move(will.content_type);
  publish.properties = std::move(will.properties);
  publish.keep = Keep::acked;
  publish.fire_and_forget = will.qos == QoS::at_most_once && !will.retain;
  publish.retain = will.retain;
  publish.expires_s = will.expiry_s;
  log_.publish(subject, std::move(publish), [](const Result<Appended>&) {});
}

// ---- watching for those who are away

void Registry::watch(Known& known, std::vector<std::string> filters) {
  for (const std::string& filter : filters) {
    log_.add_interest(follower_, filter);
    watched_.add(filter, {known.number, 0});
  }
  known.filters = std::move(filters);
  if (!known.filters.empty()) ++watched_generation_;
}

void Registry::unwatch(Known& known) {
  for (const std::string& filter : known.filters) {
    log_.remove_interest(follower_, filter);
    watched_.remove(filter, known.number);
  }
  known.filters.clear();
}

void Registry::entries(std::vector<Run> runs) {
  for (const Run& run : runs) {
    if (seen_.size() > rooms_seen_max) seen_.clear();
    std::uint64_t& as_of = seen_[run.room];
    if (as_of == watched_generation_) continue;
    as_of = watched_generation_;
    matched_.clear();
    watched_.match(*run.name, matched_);
    for (const FilterOwner& owner : matched_) {
      Known& known = *by_number_.at(owner.id);
      known.positions.try_emplace(run.room, Position{run.room, *run.name, run.entries->front()->seq - 1, {}, 0});
    }
  }
}

// ---- from time to time

void Registry::tick() {
  const MonoMs now = clock_.mono_ms();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const std::string client_id = timers_.begin()->second;
    timers_.erase(timers_.begin());
    const auto found = known_.find(client_id);
    if (found == known_.end()) continue;
    Known& known = *found->second;
    if (known.will && known.will_due <= now) {
      publish_will(known.subject, std::move(*known.will));
      known.will.reset();
    }
    if (busy(known) || known.expires == 0 || known.expires > now) continue;
    numbers_.expired.add();
    if (known.will) publish_will(known.subject, std::move(*known.will));
    forget(client_id);
  }
  stored_tick();
  numbers_.owned.set(static_cast<std::int64_t>(owned_));
  numbers_.away.set(static_cast<std::int64_t>(known_.size() - owned_));
}

}  // namespace parley::mqtt
