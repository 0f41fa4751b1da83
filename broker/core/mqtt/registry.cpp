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
      known_(key),
      watched_(key) {
  stored_tick();  // the lease comes before the first session
}

Registry::~Registry() { log_.remove_follower(follower_); }

// ---- arriving

void Registry::arrive(Arrival arrival, Reply<Welcome> done) {
  Known* const there = known_.find(arrival.client_id.view());
  Known& known = there != nullptr ? *there : known_.add(arrival.client_id);
  const bool anybodys = !known.busy() && !known.is_away();
  if (anybodys) known.subject = arrival.subject;
  if (known.user() != (arrival.subject->guest ? std::string() : arrival.subject->user_id)) {
    return done({Code::forbidden, "this client identifier belongs to a session of another user"});
  }
  if (anybodys && arrival.expiry_s != 0 && known_.size() - owned_ > settings_.sessions_max) {
    if (!known.awaited()) forget(known);
    return done({Code::too_large, "there are too many sessions"});
  }
  Waiting waiting{std::move(arrival), std::move(done)};
  if (!known.busy()) return open(known, std::move(waiting));
  known.make_lasting().waiting.push_back(std::move(waiting));
  if (known.owned) {
    numbers_.taken_over.add();
    workers_.take_over(known.owner());
  }
}

// Positions in a log that is no more.
void Registry::epoch_changed() {
  known_.for_each([](Known& known) {
    if (known.lasting() == nullptr) return;
    known.lasting()->positions.clear();
    if (known.is_away()) known.lasting()->state->positions.clear();
  });
}

void Registry::admit(Known& known, Waiting waiting, SessionKey stored) {
  known.opening = false;
  Arrival& arrival = waiting.arrival;
  Welcome welcome;
  known.worker = arrival.owner.worker;
  known.client = arrival.owner.client;
  const SubjectPtr before = std::exchange(known.subject, arrival.subject);
  if (Known::Lasting* const lasting = known.lasting()) {
    const bool resumes = lasting->state != nullptr && !arrival.clean_start;
    if (lasting->will) {
      // The session goes on before the delay has passed: no will [MQTT-3.1.3-9]. It ends: now.
      if (!resumes) publish_will(before, std::move(*lasting->will));
      lasting->will.reset();
    }
    if (resumes) {
      for (const std::string& filter : lasting->filters) log_.add_interest(known.worker, filter);
      for (auto& [room, position] : lasting->positions) lasting->state->positions.push_back(std::move(position));
      // A guest has no name to come back under but its session's.
      if (!lasting->state->subject->guest) lasting->state->subject = arrival.subject;
      known.subject = lasting->state->subject;
      welcome.state = std::move(lasting->state);
      welcome.state->stored = stored;
    }
    unwatch(known);
    lasting->positions.clear();
    lasting->state.reset();
    lasting->expires = 0;
    lasting->stored = stored;
  }
  if (stored.id != 0) {
    known.make_lasting().stored = stored;
    held_[stored.id] = &known;
  }
  known.let_go_of_lasting();
  known.owned = true;
  ++owned_;
  known.generation = next_generation_++;
  welcome.generation = known.generation;
  welcome.stored = stored;
  waiting.done(std::move(welcome));
  // Somebody else has come meanwhile: the one that was let in is taken over in its turn.
  if (!known.awaited()) return;
  numbers_.taken_over.add();
  workers_.take_over(known.owner());
}

// Whoever comes next, when nobody has the session any more.
void Registry::admit_next(Known& known) {
  if (known.busy() || !known.awaited()) return;
  Queue<Waiting>& waiting = known.lasting()->waiting;
  Waiting next = std::move(waiting.front());
  waiting.pop_front();
  open(known, std::move(next));
}

// ---- leaving

void Registry::disown(Known& known) {
  known.owned = false;
  --owned_;
  held_.erase(known.stored().id);
}

Known* Registry::find(std::string_view client_id, std::uint64_t generation) {
  Known* const known = known_.find(client_id);
  return known == nullptr || known->generation != generation ? nullptr : known;
}

void Registry::leave(std::string_view client_id, std::uint64_t generation, std::vector<std::string> filters,
                     std::uint32_t expiry_s, std::optional<WillMessage> will, Reply<Nothing> done) {
  if (Known* known = find(client_id, generation); known != nullptr && known->owned) {
    disown(*known);
    known->leaving = true;
    if (stored_away(*known)) {
      close_stored(known->stored(), expiry_s, will.has_value());
      return done(Nothing{});
    }
    watch(*known, std::move(filters));
    if (expiry_s != never_expires) {
      const MonoMs expires = clock_.mono_ms() + MonoMs{expiry_s} * 1000;
      known->make_lasting().expires = expires;
      due(expires, *known);
    }
    if (known->stored().id != 0) {
      close_stored(known->stored(), expiry_s, will.has_value());
    } else {
      schedule_will(*known, std::move(will), expiry_s);
    }
  }
  done(Nothing{});
}

void Registry::left(std::string_view client_id, std::uint64_t generation, std::unique_ptr<SessionState> state) {
  Known* known = find(client_id, generation);
  if (known == nullptr || !known->leaving) return;
  known->leaving = false;
  if (stored_away(*known)) {
    if (!known->awaited()) return forget(*known);
    return admit_next(*known);
  }
  Known::Lasting& lasting = known->make_lasting();
  // What the worker noted comes first.
  for (Position& position : state->positions) lasting.positions.insert_or_assign(position.room, std::move(position));
  state->positions.clear();
  // A SUBSCRIBE that was under way has added to what `leave` brought.
  std::vector<std::string> filters;
  for (const SubscriptionState& subscription : state->subscriptions) {
    if (!is_shared(subscription.filter)) filters.push_back(subscription.filter);
  }
  if (filters.size() != lasting.filters.size()) {
    unwatch(*known);
    watch(*known, std::move(filters));
  }
  lasting.state = std::move(state);
  admit_next(*known);
}

void Registry::end(std::string_view client_id, std::uint64_t generation, std::optional<WillMessage> will) {
  Known* known = find(client_id, generation);
  if (known == nullptr || !known->owned) return;
  disown(*known);
  if (known->stored().id != 0) {
    close_stored(known->stored(), 0, will.has_value());
    known->lasting()->stored = {};
  } else if (will) {
    publish_will(known->subject, std::move(*will));
  }
  if (!known->awaited()) return forget(*known);
  admit_next(*known);
}

void Registry::forget(Known& known) {
  unwatch(known);
  known_.erase(known);
}

// ---- wills

void Registry::schedule_will(Known& known, std::optional<WillMessage> will, std::uint32_t expiry_s) {
  if (!will) return;
  const std::uint32_t delay_s = std::min(will->delay_s, expiry_s);
  if (delay_s == 0) return publish_will(known.subject, std::move(*will));
  Known::Lasting& lasting = known.make_lasting();
  lasting.will = std::make_unique<WillMessage>(std::move(*will));
  lasting.will_due = clock_.mono_ms() + MonoMs{delay_s} * 1000;
  due(lasting.will_due, known);
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
  if (!filters.empty()) ++watched_generation_;
  known.make_lasting().filters = std::move(filters);
}

void Registry::unwatch(Known& known) {
  if (known.lasting() == nullptr) return;
  for (const std::string& filter : known.lasting()->filters) {
    log_.remove_interest(follower_, filter);
    watched_.remove(filter, known.number);
  }
  known.lasting()->filters.clear();
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
      Known& known = known_[static_cast<std::uint32_t>(owner.id)];
      known.make_lasting().positions.try_emplace(run.room, Position{run.room, *run.name, run.entries->front()->seq - 1, {}, 0});
    }
  }
}

// ---- from time to time

void Registry::tick() {
  const MonoMs now = clock_.mono_ms();
  while (!timers_.empty() && timers_.begin()->first <= now) {
    const SharedText client_id = timers_.begin()->second;
    timers_.erase(timers_.begin());
    Known* const known = known_.find(client_id.view());
    if (known == nullptr || known->lasting() == nullptr) continue;
    Known::Lasting& lasting = *known->lasting();
    if (lasting.will && lasting.will_due <= now) {
      publish_will(known->subject, std::move(*lasting.will));
      lasting.will.reset();
    }
    if (known->busy() || lasting.expires == 0 || lasting.expires > now) continue;
    numbers_.expired.add();
    if (lasting.will) publish_will(known->subject, std::move(*lasting.will));
    forget(*known);
  }
  stored_tick();
  numbers_.owned.set(static_cast<std::int64_t>(owned_));
  numbers_.away.set(static_cast<std::int64_t>(known_.size() - owned_));
}

}  // namespace parley::mqtt
