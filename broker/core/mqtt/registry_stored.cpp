// Sessions in storage: opened for their clients, read after a restart, saved in groups, and what time ends of them.

#include <algorithm>

#include "broker/core/mqtt/message.h"
#include "broker/core/mqtt/registry.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

namespace {

constexpr MonoMs looks_per_lease = 4;  // and renewals
constexpr MonoMs look_away_ms = 2000;  // while no other replica can give a hint
constexpr unsigned rows_max = 1000;
constexpr unsigned wills_max = 100;

MqttWill stored_will(const WillMessage& from, const Subject& subject) {
  MqttWill will;
  will.topic = from.topic;
  will.qos = from.qos;
  will.retain = from.retain;
  will.delay_s = from.delay_s;
  will.expiry_s = from.expiry_s;
  will.body = from.payload;
  will.content_type = from.content_type;
  will.properties = from.properties;
  will.user_id = subject.user_id;
  will.user_name = subject.name;
  return will;
}

SubscriptionState to_state(const MqttSubscription& from) {
  SubscriptionState state;
  state.filter = from.filter;
  state.qos = from.qos;
  state.no_local = from.no_local;
  state.retain_as_published = from.retain_as_published;
  state.meta = from.meta;
  state.id = from.identifier;
  return state;
}

InFlight to_in_flight(const Outbound& from) {
  InFlight message;
  message.packet_id = from.packet_id;
  message.room = from.room;
  message.seq = from.seq;
  message.qos = from.state == OutboundState::publish_qos1 ? QoS::at_least_once : QoS::exactly_once;
  message.released = from.state == OutboundState::release;
  message.order = from.order;
  message.saved = true;
  return message;
}

}  // namespace

// What is read of one session after a restart.
struct Registry::Restoring {
  Waiting waiting;
  SessionOpened opened;
  RoomsStep step;
  std::vector<MatchedRoom> rooms;
  std::unordered_map<RoomId, std::string> names;
};

// ---- opening

void Registry::open(Known& known, Waiting waiting) {
  if (sessions_ == nullptr) return admit(known, std::move(waiting), {});
  known.opening = true;
  if (is_kept(waiting.arrival) || known.is_away()) return open_stored(std::move(waiting));
  // One that ends with its connection is not stored, but a session of before may be there.
  std::string client_id = waiting.arrival.client_id.str();
  sessions_->find_session(std::move(client_id), [this, waiting = std::move(waiting)](Result<SessionInfo> found) mutable {
    if (found) return open_stored(std::move(waiting));
    if (found.error().code != Code::not_found) return turn_away(std::move(waiting), found.error());
    Known& there = known_.at(waiting.arrival.client_id.view());
    if (settings_.shared) log_.tell_client_moved(there.client_id.str(), there.user());
    admit(there, std::move(waiting), {});
  });
}

bool Registry::is_kept(const Arrival& arrival) const {
  return arrival.expiry_s != 0 || (settings_.shared && arrival.will.has_value());
}

void Registry::open_stored(Waiting waiting) {
  const Arrival& arrival = waiting.arrival;
  flush_saves();
  SessionOpening opening;
  opening.client_id = arrival.client_id.str();
  opening.user_id = arrival.subject->guest ? std::string() : arrival.subject->user_id;
  opening.owner = settings_.owner;
  opening.clean_start = arrival.clean_start;
  opening.expiry_s = arrival.expiry_s;
  const bool only_ends = arrival.clean_start && !is_kept(arrival);
  if (arrival.will && !only_ends) opening.will = stored_will(*arrival.will, *arrival.subject);
  sessions_->open_session(std::move(opening), clock_.unix_ms(),
                          [this, waiting = std::move(waiting)](Result<SessionOpened> answer) mutable {
                            opened(std::move(waiting), std::move(answer));
                          });
}

void Registry::opened(Waiting waiting, Result<SessionOpened> answer) {
  if (!answer) return turn_away(std::move(waiting), answer.error());
  Known& known = known_.at(waiting.arrival.client_id.view());
  publish_due(std::move(answer->wills));
  // An unstored session may be connected elsewhere without a word in storage.
  if (settings_.shared) log_.tell_client_moved(known.client_id.str(), known.user());
  if (waiting.arrival.clean_start && !is_kept(waiting.arrival)) {
    close_stored(answer->key, 0, false);
    return admit(known, std::move(waiting), {});
  }
  if (!answer->present && known.is_away()) known.lasting()->state.reset();
  if (answer->present && !known.is_away()) {
    auto what = std::make_shared<Restoring>();
    what->waiting = std::move(waiting);
    what->opened = std::move(*answer);
    what->step.rooms_max = rows_max;
    what->step.now = clock_.unix_ms();
    std::vector<std::string> filters;
    for (const MqttSubscription& subscription : what->opened.subscriptions) {
      if (!is_shared(subscription.filter)) filters.push_back(subscription.filter);
    }
    // Before storage is asked where it stands, so that nothing falls between.
    unwatch(known);
    watch(known, filters);
    return log_.catch_up_with(std::move(filters), [this, what = std::move(what)]() mutable {
      // What was handed over until now is of before the look at storage.
      Known* const found = known_.find(what->waiting.arrival.client_id.view());
      if (found != nullptr && found->lasting() != nullptr) found->lasting()->positions.clear();
      ++watched_generation_;
      restore(std::move(what));
    });
  }
  if (known.is_away()) {
    // A publish whose answer found no connection is known there alone.
    for (const std::uint16_t id : answer->inbound) {
      std::vector<std::uint16_t>& received = known.lasting()->state->received;
      if (std::find(received.begin(), received.end(), id) == received.end()) received.push_back(id);
    }
  }
  admit(known, std::move(waiting), answer->key);
}

void Registry::turn_away(Waiting waiting, const Error& why) {
  Known& known = known_.at(waiting.arrival.client_id.view());
  known.opening = false;
  waiting.done(why);
  if (known.awaited()) return admit_next(known);
  if (!known.is_away()) forget(known);
}

// ---- after a restart

void Registry::restore(std::shared_ptr<Restoring> what) {
  const SessionKey key = what->opened.key;
  const RoomsStep step = what->step;
  sessions_->backlog(key, step, [this, what = std::move(what)](Result<RoomsPage> page) mutable {
    if (!page) return turn_away(std::move(what->waiting), page.error());
    for (MatchedRoom& room : page->rooms) {
      what->names[room.room] = room.name;
      what->rooms.push_back(std::move(room));
    }
    what->step.after = page->next;
    if (!page->done) return restore(std::move(what));
    name_rooms(std::move(what));
  });
}

// A message may be under way in a room in which nothing else waits.
void Registry::name_rooms(std::shared_ptr<Restoring> what) {
  for (const Outbound& message : what->opened.outbound) {
    if (message.state == OutboundState::release || what->names.contains(message.room)) continue;
    const RoomId room = message.room;
    return store_->view_room(room, {}, [this, room, what = std::move(what)](Result<RoomView> view) mutable {
      if (!view && view.error().code != Code::not_found) return turn_away(std::move(what->waiting), view.error());
      what->names[room] = view ? view->room.name : std::string();
      name_rooms(std::move(what));
    });
  }
  restored(*what);
}

void Registry::restored(Restoring& what) {
  Known& known = known_.at(what.waiting.arrival.client_id.view());
  Known::Lasting& lasting = known.make_lasting();
  auto state = std::make_unique<SessionState>();
  state->client_id = what.waiting.arrival.client_id;
  state->subject = what.waiting.arrival.subject;
  state->received = what.opened.inbound;
  for (const MqttSubscription& subscription : what.opened.subscriptions) state->subscriptions.push_back(to_state(subscription));
  for (MatchedRoom& room : what.rooms) {
    // What was sent with QoS 1 and acknowledged, or not, in the moments before a crash is not known to storage.
    const Seq repeats = what.opened.interrupted ? room.head : 0;
    Position position{room.room, std::move(room.name), room.low, std::move(room.above), repeats};
    for (const Outbound& message : what.opened.outbound) {
      if (message.room == room.room && message.seq > room.low) position.skip.push_back(message.seq);
    }
    std::sort(position.skip.begin(), position.skip.end());
    lasting.positions.insert_or_assign(room.room, std::move(position));
  }
  for (const Outbound& from : what.opened.outbound) {
    InFlight message = to_in_flight(from);
    message.name = what.names[from.room];
    for (const SubscriptionState& subscription : state->subscriptions) {
      if (subscription.id == 0 || is_shared(subscription.filter) || !topic_matches(subscription.filter, message.name)) continue;
      message.subscription_ids.push_back(subscription.id);
    }
    state->next_order = from.order + 1;
    state->next_packet_id = static_cast<std::uint16_t>(from.packet_id + 1);
    state->in_flight.push_back(std::move(message));
  }
  lasting.state = std::move(state);
  admit(known, std::move(what.waiting), what.opened.key);
}

// ---- the end of a connection, and wills

void Registry::close_stored(SessionKey session, std::uint32_t expiry_s, bool with_will) {
  close_session({session, expiry_s, !with_will, clock_.unix_ms()});
}

void Registry::close_session(Closing closing) {
  flush_saves();
  sessions_->close_session(closing.session, closing.expiry_s, closing.drop_will, closing.at,
                           [this, closing](Result<std::vector<DueWill>> wills) {
                             if (wills) return publish_due(wills);
                             const Code why = wills.error().code;
                             if (why == Code::unavailable || why == Code::internal) closing_.push_back(closing);
                           });
}

void Registry::publish_due(const Result<std::vector<DueWill>>& wills) {
  if (!wills) return;  // found again by due_wills
  for (const DueWill& due : *wills) publish_due(due);
}

void Registry::publish_due(const DueWill& due) {
  auto subject = std::make_shared<Subject>();
  subject->user_id = due.will.user_id;
  subject->name = due.will.user_name;
  subject->guest = due.will.user_id.starts_with("g_");
  parley::Publish publish;
  publish.room = due.will.topic;
  publish.payload = classify_payload(due.will.body);
  publish.body = due.will.body;
  publish.content_type = due.will.content_type;
  publish.properties = due.will.properties;
  publish.keep = Keep::acked;
  publish.fire_and_forget = due.will.qos == QoS::at_most_once && !due.will.retain;
  publish.retain = due.will.retain;
  publish.expires_s = due.will.expiry_s;
  if (publish.fire_and_forget) {
    // It may become no entry, so it is taken first: at most once.
    sessions_->take_will(due.id, [this, subject, publish = std::move(publish)](const Result<Nothing>& taken) mutable {
      if (!taken) return;
      numbers_.wills.add();
      log_.publish(subject, std::move(publish), [](const Result<Appended>&) {});
    });
    return;
  }
  publish.will = due.id;
  log_.publish(subject, std::move(publish), [this, id = due.id](const Result<Appended>& result) {
    if (result) return numbers_.wills.add();
    const Code why = result.error().code;
    if (why == Code::unavailable || why == Code::internal || why == Code::conflict) return;
    // It may not be published, now or later.
    sessions_->take_will(id, [](const Result<Nothing>&) {});
  });
}

// ---- other replicas

void Registry::client_moved(const std::string& client_id, const std::string& user_id) {
  const Known* const known = known_.find(client_id);
  if (known == nullptr || !known->owned) return;
  if (known->stored().id != 0) return look_for_lost({known->stored()});
  if (known->user() != user_id) return;
  numbers_.taken_over.add();
  workers_.take_over(known->owner());
}

void Registry::look_for_lost(std::vector<SessionKey> sessions) {
  if (sessions.empty()) return;
  sessions_->lost_sessions(std::move(sessions), [this](const Result<std::vector<SessionKey>>& lost) {
    if (!lost) return;
    for (const SessionKey key : *lost) {
      const auto found = held_.find(key.id);
      if (found == held_.end() || !(found->second->stored() == key)) continue;
      numbers_.taken_over.add();
      workers_.take_over(found->second->owner());
    }
  });
}

// ---- subscriptions

void Registry::keep(SessionKey session, std::vector<MqttSubscription> subscriptions, Reply<Nothing> done) {
  std::reverse(subscriptions.begin(), subscriptions.end());
  keep_next(session, std::make_shared<std::vector<MqttSubscription>>(std::move(subscriptions)), {}, std::move(done));
}

void Registry::keep_next(SessionKey session, std::shared_ptr<std::vector<MqttSubscription>> left, std::string after,
                         Reply<Nothing> done) {
  if (left->empty()) return done(Nothing{});
  RoomsStep step;
  step.after = std::move(after);
  step.rooms_max = rows_max;
  step.now = clock_.unix_ms();
  sessions_->subscribe(session, left->back(), std::move(step),
                       [this, session, left, done = std::move(done)](Result<RoomsPage> page) mutable {
                         if (!page) return done(page.error());
                         if (page->done) left->pop_back();
                         keep_next(session, left, page->done ? std::string() : page->next, std::move(done));
                       });
}

void Registry::drop(SessionKey session, std::vector<std::string> filters, Reply<Nothing> done) {
  sessions_->unsubscribe(session, std::move(filters), [done = std::move(done)](const Result<std::vector<bool>>& dropped) mutable {
    if (!dropped) return done(dropped.error());
    done(Nothing{});
  });
}

// ---- saving

void Registry::save(SessionSave save, Reply<Nothing> done) {
  if (!save.shares.empty()) save.shares_of = share_session_;
  saves_.push_back({std::move(save), std::move(done)});
  if (saving_ == 0) flush_saves();
}

void Registry::flush_saves() {
  if (saves_.empty()) return;
  std::vector<Saving> saves = std::exchange(saves_, {});
  std::vector<SessionSave> what;
  what.reserve(saves.size());
  for (const Saving& saving : saves) what.push_back(saving.save);
  ++saving_;
  sessions_->save(std::move(what), [this, saves = std::move(saves)](Result<std::vector<Status>> answer) mutable {
    saved(std::move(saves), std::move(answer));
  });
}

void Registry::saved(std::vector<Saving> saves, Result<std::vector<Status>> answer) {
  --saving_;
  if (!answer) {
    numbers_.failed_saves.add(saves.size());
    save_trouble_ = answer.error().message;
    // Again with the next tick, before what came behind it.
    std::move(saves_.begin(), saves_.end(), std::back_inserter(saves));
    saves_ = std::move(saves);
    return;
  }
  for (std::size_t i = 0; i < saves.size(); ++i) {
    const Status& status = (*answer)[i];
    if (status) {
      numbers_.saves.add();
      saves[i].done(Nothing{});
    } else {
      numbers_.failed_saves.add();
      save_trouble_ = status.error().message;
      saves[i].done(status.error());
    }
  }
  if (saving_ == 0) flush_saves();
}

// ---- from time to time

void Registry::stored_tick() {
  if (sessions_ == nullptr) return;
  const MonoMs now = clock_.mono_ms();
  if (now >= next_lease_) {
    next_lease_ = now + settings_.lease_ms / looks_per_lease;
    sessions_->renew_lease(settings_.owner, clock_.unix_ms() + settings_.lease_ms, [this](const Result<Nothing>& renewed) {
      if (!renewed) next_lease_ = 0;
    });
  }
  if (saving_ == 0) flush_saves();
  // Storage was away: they count as connected there until it hears otherwise.
  for (const Closing& closing : std::exchange(closing_, {})) close_session(closing);
  if (settings_.shared && now >= next_look_) {
    const MonoMs pause = settings_.lease_ms / looks_per_lease;
    next_look_ = now + (log_.bus_connected() ? pause : std::min(pause, look_away_ms));
    std::vector<SessionKey> held;
    held.reserve(held_.size());
    for (const auto& [id, known] : held_) held.push_back(known->stored());
    look_for_lost(std::move(held));
  }
  if (now >= next_sweep_) {
    next_sweep_ = now + settings_.sweep_interval_ms;
    sessions_->sweep(clock_.unix_ms(), rows_max, [this](const Result<Swept>& swept) {
      if (swept && swept->more) next_sweep_ = 0;
    });
  }
  if (now >= next_wills_) {
    next_wills_ = now + settings_.wills_interval_ms;
    sessions_->due_wills(clock_.unix_ms(), wills_max, [this](const Result<std::vector<DueWill>>& wills) { publish_due(wills); });
  }
}

}  // namespace parley::mqtt
