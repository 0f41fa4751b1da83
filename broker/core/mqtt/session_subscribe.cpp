// SUBSCRIBE and UNSUBSCRIBE (MQTT 5 §3.8 to §3.11), and the retained messages that a subscription brings (§3.3.1.3).

#include <algorithm>
#include <charconv>

#include "broker/core/mqtt/client.h"
#include "broker/core/mqtt/exchange.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

namespace {

std::optional<std::string_view> user_property(const UserProperties& properties, std::string_view name) {
  for (const UserProperty& property : properties) {
    if (property.name == name) return property.value;
  }
  return std::nullopt;
}

Reason reason_of(const Error& error) {
  switch (error.code) {
    case Code::forbidden:
    case Code::unauthorized:
      return Reason::not_authorized;
    case Code::bad_request:
    case Code::too_large:
      return Reason::topic_filter_invalid;
    default:
      return Reason::unspecified_error;
  }
}

Reason reason_of(QoS qos) { return static_cast<Reason>(static_cast<std::uint8_t>(qos)); }

MqttSubscription to_stored(const SubscriptionState& from, RetainHandling handling) {
  MqttSubscription to;
  to.filter = from.filter;
  to.qos = from.qos;
  to.no_local = from.no_local;
  to.retain_as_published = from.retain_as_published;
  to.retain_handling = handling;
  to.identifier = from.id;
  to.meta = from.meta;
  return to;
}

void forget_interest(Hub& hub, const std::vector<std::string>& fresh, const std::vector<Granted>& answers) {
  for (std::size_t i = 0; i < fresh.size(); ++i) {
    if (fresh[i].empty() || !answers[i].status) continue;
    hub.log().tell([follower = hub.follower(), filter = fresh[i]](Log& log) { log.remove_interest(follower, filter); });
  }
}

}  // namespace

// ---- one after the other

void Session::subscribe(const Subscribe& packet) {
  Job job;
  job.subscribing = true;
  job.packet_id = packet.packet_id;
  for (const Subscription& wanted : packet.subscriptions) job.wishes.push_back(read_wish(packet, wanted));
  jobs_.push_back(std::move(job));
  next_job();
}

void Session::unsubscribe(const Unsubscribe& packet) {
  Job job;
  job.packet_id = packet.packet_id;
  job.filters.assign(packet.filters.begin(), packet.filters.end());
  jobs_.push_back(std::move(job));
  next_job();
}

void Session::next_job() {
  while (!jobs_.empty() && !job_running() && !(client_ != nullptr && client_->behind_publishes())) {
    if (jobs_.front().subscribing) return run_subscribe(jobs_.front());
    if (stored().id != 0 && !jobs_.front().dropped) return drop_stored(jobs_.front());
    run_unsubscribe(jobs_.front());
    jobs_.pop_front();
  }
}

// ---- SUBSCRIBE

Session::Wish Session::read_wish(const Subscribe& packet, const Subscription& wanted) const {
  Wish wish;
  wish.state.filter = wanted.filter;
  wish.state.qos = wanted.qos;
  wish.state.no_local = wanted.no_local;
  wish.state.retain_as_published = wanted.retain_as_published;
  wish.state.id = packet.properties.subscription_id.value_or(0);
  wish.retain_handling = wanted.retain_handling;
  const std::optional<std::string_view> meta = user_property(packet.properties.user, "parley-meta");
  wish.state.meta = client_->wants_meta() || meta == "1";
  if (const auto since = user_property(packet.properties.user, "parley-since"); since && wish.state.meta) {
    Seq seq = 0;
    const auto [end, failed] = std::from_chars(since->data(), since->data() + since->size(), seq);
    if (failed == std::errc() && end == since->data() + since->size()) wish.since = seq;
  }
  const Result<TopicFilter> parsed = parse_topic_filter(wanted.filter, exchange_.settings().topics);
  if (!parsed) {
    wish.reason = reason_of(parsed.error());
  }
  return wish;
}

void Session::run_subscribe(Job& job) {
  std::vector<FilterWish> asked;
  std::size_t room_for = exchange_.settings().subscriptions_max -
                         std::min<std::size_t>(subscriptions_.size(), exchange_.settings().subscriptions_max);
  std::vector<std::string_view> fresh;
  std::vector<std::string> groups;
  for (Wish& wish : job.wishes) {
    if (is_error(wish.reason)) continue;
    wish.existed = subscriptions_.contains(wish.state.filter);
    const bool again = std::find(fresh.begin(), fresh.end(), wish.state.filter) != fresh.end();
    if (!wish.existed && !again) {
      if (room_for == 0) {
        wish.reason = Reason::quota_exceeded;
        continue;
      }
      --room_for;
      fresh.push_back(wish.state.filter);
    }
    if (is_shared(wish.state.filter)) {
      groups.push_back(wish.state.filter);
    } else {
      asked.push_back({wish.state.filter, !wish.existed && !again});
    }
  }
  job.running = true;
  if (groups.empty()) return ask_log(std::move(asked));
  join_first(std::move(groups), std::move(asked));
}

// Each group stands before SUBACK goes out.
void Session::join_first(std::vector<std::string> groups, std::vector<FilterWish> asked) {
  struct Joining {
    std::size_t missing;
    Result<Nothing> result;
    Reply<Nothing> done;
  };
  exchange_.around().shares.call<Nothing>(
      [groups, me = ShareMember{exchange_.hub().follower(), id_}](Shares& shares, Reply<Nothing> reply) mutable {
        auto joining = std::make_shared<Joining>(Joining{groups.size(), Nothing{}, std::move(reply)});
        for (const std::string& filter : groups) {
          shares.join(filter, me, [joining](const Result<Nothing>& joined) {
            if (!joined) joining->result = joined;
            if (--joining->missing == 0) joining->done(std::move(joining->result));
          });
        }
      },
      [hub = &exchange_.hub(), id = id_, groups, asked = std::move(asked)](const Result<Nothing>& joined) mutable {
        auto* self = static_cast<Session*>(hub->session(id));
        if (self == nullptr) return;
        if (joined) return self->ask_log(std::move(asked));
        for (const std::string& filter : groups) {
          if (self->subscriptions_.contains(filter)) continue;
          self->exchange_.around().shares.tell(
              [filter, me = ShareMember{hub->follower(), id}](Shares& shares) { shares.leave(filter, me); });
        }
        self->subscriptions_failed();
      });
}

void Session::ask_log(std::vector<FilterWish> asked) {
  std::vector<std::string> added;  // empty where the filter was there already
  added.reserve(asked.size());
  for (const FilterWish& wish : asked) added.push_back(wish.fresh ? wish.filter : std::string());
  exchange_.hub().log().call<std::vector<Granted>>(
      [follower = exchange_.hub().follower(), subject = is_.subject, asked = std::move(asked)](
          Log& log, Reply<std::vector<Granted>> reply) mutable {
        subscribe_filters(log, follower, subject, std::move(asked), std::move(reply));
      },
      [hub = &exchange_.hub(), id = id_, fresh = std::move(added)](Result<std::vector<Granted>> answers) {
        if (auto* self = static_cast<Session*>(hub->session(id))) return self->granted(fresh, std::move(answers).value());
        // The session has ended meanwhile: nobody wants these any more.
        forget_interest(*hub, fresh, answers.value());
      });
}

// A stored session's are stored before they are answered.
void Session::granted(const std::vector<std::string>& fresh, std::vector<Granted> answers) {
  if (stored().id == 0) return subscribed(std::move(answers));
  std::vector<MqttSubscription> keep;
  std::size_t next = 0;
  for (const Wish& wish : jobs_.front().wishes) {
    if (is_error(wish.reason) || wish.state.filter.starts_with("$SYS/")) {
      if (!is_error(wish.reason)) ++next;
      continue;
    }
    if (is_shared(wish.state.filter) || answers[next++].status) keep.push_back(to_stored(wish.state, wish.retain_handling));
  }
  exchange_.around().registry.call<Nothing>(
      [key = stored(), keep = std::move(keep)](Registry& registry, Reply<Nothing> reply) mutable {
        registry.keep(key, std::move(keep), std::move(reply));
      },
      [hub = &exchange_.hub(), id = id_, fresh, answers = std::move(answers)](const Result<Nothing>& kept) mutable {
        auto* self = static_cast<Session*>(hub->session(id));
        if (self != nullptr && kept) return self->subscribed(std::move(answers));
        forget_interest(*hub, fresh, answers);
        if (self != nullptr) self->subscriptions_failed();
      });
}

// They are not answered: the client comes again.
void Session::subscriptions_failed() {
  jobs_.pop_front();
  if (client_ != nullptr) client_->end_later(Reason::server_busy, "storage takes nothing now");
  next_job();
}

void Session::subscribed(std::vector<Granted> answers) {
  Job job = std::move(jobs_.front());
  jobs_.pop_front();
  Suback suback;
  suback.packet_id = job.packet_id;
  std::vector<std::uint32_t> want_retained;
  std::size_t next = 0;
  for (Wish& wish : job.wishes) {
    if (!is_error(wish.reason) && is_shared(wish.state.filter)) {
      wish.reason = reason_of(wish.state.qos);
      put_subscription(wish.state);
    } else if (!is_error(wish.reason)) {
      Granted& answer = answers[next++];
      if (!answer.status) {
        wish.reason = reason_of(answer.status.error());
        if (wish.reason == Reason::not_authorized) exchange_.counters().lose(Lost::forbidden);
      } else {
        wish.reason = reason_of(wish.state.qos);
        const std::uint32_t place = put_subscription(wish.state);
        if (answer.exists) {
          const Seq from = wish.since ? std::min(*wish.since, answer.at.start) : answer.at.start;
          const RoomInfo& room = answer.at.room;
          wants(room.id, room.name, from, find(room.id) == nullptr ? places_of(room.name) : std::vector<std::uint32_t>());
        }
        const bool send = wish.retain_handling == RetainHandling::send ||
                          (wish.retain_handling == RetainHandling::send_if_new && !wish.existed);
        if (send) want_retained.push_back(place);
      }
    }
    if (is_error(wish.reason)) exchange_.counters().denied[static_cast<unsigned>(wish.reason)].add();
    suback.reasons.push_back(wish.reason);
  }
  if (client_ != nullptr) {
    client_->send(suback);
    for (const std::uint32_t place : want_retained) start_retained(place);
    next_retained();
    send_shared();
  }
  next_job();
}

std::uint32_t Session::put_subscription(SubscriptionState state) {
  std::uint32_t place = 0;
  if (const std::optional<std::uint32_t> known = subscriptions_.find(state.filter)) {
    place = *known;
    subscriptions_.replace(place, std::move(state));
  } else {
    place = subscriptions_.add(std::move(state));
    exchange_.add_filter(*this, place, subscriptions_[place].state.filter);
    exchange_.counters().subscriptions.add(1);
  }
  index(place);
  return place;
}

// Rooms that the session is in already.
void Session::index(std::uint32_t place) {
  for (auto& [id, room] : rooms_) {
    const bool there = std::find(room->matched.begin(), room->matched.end(), place) != room->matched.end();
    if (is_shared(subscriptions_[place].state.filter)) continue;
    if (!there && !topic_matches(subscriptions_[place].state.filter, room->name)) continue;
    if (!there) room->matched.push_back(place);
    merge(*room);
  }
}

// All that match, in the order of their places.
std::vector<std::uint32_t> Session::places_of(const std::string& name) const {
  std::vector<std::uint32_t> places;
  for (std::uint32_t place = 0; place < subscriptions_.places(); ++place) {
    const Subscribed& one = subscriptions_[place];
    if (!one.used() || is_shared(one.state.filter)) continue;
    if (topic_matches(one.state.filter, name)) places.push_back(place);
  }
  return places;
}

// ---- UNSUBSCRIBE

void Session::drop_stored(Job& job) {
  job.running = true;
  exchange_.around().registry.call<Nothing>(
      [key = stored(), filters = job.filters](Registry& registry, Reply<Nothing> reply) mutable {
        registry.drop(key, std::move(filters), std::move(reply));
      },
      [hub = &exchange_.hub(), id = id_](const Result<Nothing>& dropped) {
        auto* self = static_cast<Session*>(hub->session(id));
        if (self == nullptr) return;
        if (!dropped) return self->subscriptions_failed();
        self->jobs_.front().running = false;
        self->jobs_.front().dropped = true;
        self->next_job();
      });
}

void Session::run_unsubscribe(Job& job) {
  Unsuback unsuback;
  unsuback.packet_id = job.packet_id;
  for (const std::string& filter : job.filters) {
    const std::optional<std::uint32_t> found = subscriptions_.find(filter);
    if (!found) {
      unsuback.reasons.push_back(Reason::no_subscription_existed);
      continue;
    }
    drop_subscription(*found);
    unsuback.reasons.push_back(Reason::success);
  }
  if (client_ != nullptr) client_->send(unsuback);
}

void Session::drop_subscription(std::uint32_t place) {
  const std::string filter = subscriptions_[place].state.filter;
  if (is_shared(filter)) leave_group(place);
  exchange_.remove_filter(*this, place, filter);
  exchange_.counters().subscriptions.add(-1);
  subscriptions_.remove(place);
  retained_.erase_if([&](const RetainedJob& job) { return job.subscription == place; });
  rooms_.erase_if([&](auto& one) {
    Joined& room = *one.second;
    if (std::erase(room.matched, place) != 0) merge(room);
    if (!room.matched.empty()) return false;
    leave_room(one.first, room);
    return true;
  });
}

// ---- retained messages

void Session::start_retained(std::uint32_t place) {
  const std::string& filter = subscriptions_[place].state.filter;
  if (filter.starts_with("$SYS/")) {
    for (const auto& [name, message] : exchange_.system()) {
      if (topic_matches(filter, name)) deliver_loose(message, name, {place}, true);
    }
    return;
  }
  if (filter.starts_with('$')) return;
  RetainedJob job;
  job.subscription = place;
  job.filter = filter;
  for (const auto& [id, room] : rooms_) {
    if (room->cursor != nullptr && topic_matches(filter, room->name)) job.heads[id] = room->cursor->room->tail().head();
  }
  retained_.push_back(std::move(job));
}

void Session::next_retained() {
  while (!retained_.empty() && client_ != nullptr && !resending_) {
    RetainedJob& job = retained_.front();
    const SubscriptionState& subscription = subscriptions_[job.subscription].state;
    while (!job.messages.empty()) {
      Message& encoded = exchange_.messages().get(job.messages.front().entry, job.messages.front().room_name);
      const QoS qos = std::min(subscription.qos, encoded.qos());
      if (client_->congested() || (qos != QoS::at_most_once && window_.free() == 0)) return;
      const RetainedMessage message = std::move(job.messages.front());
      job.messages.pop_front();
      if (comes_live(job, *message.entry)) continue;
      const bool own = !encoded.client_id().empty() && encoded.client_id() == is_.client_id.view();
      if (own && subscription.no_local) continue;  // [MQTT-3.8.3-3]
      std::vector<std::uint32_t> ids;
      if (subscription.id != 0) ids.push_back(subscription.id);
      std::string out;
      append(out, encoded, message.room_name, {qos, true, false, subscription.meta, 0, &ids, nullptr}, false);
      send(out);
    }
    if (job.reading) return;
    if (!job.more) {
      retained_.pop_front();
      continue;
    }
    job.reading = true;
    exchange_.hub().log().call<RetainedPage>(
        [subject = is_.subject, filter = job.filter, after = job.after, limit = exchange_.settings().retained_page](
            Log& log, Reply<RetainedPage> reply) mutable {
          log.retained(std::move(subject), std::move(filter), std::move(after), limit, std::move(reply));
        },
        [hub = &exchange_.hub(), id = id_, connection = connection_](Result<RetainedPage> page) {
          auto* self = static_cast<Session*>(hub->session(id));
          if (self != nullptr && self->connection_ == connection) self->retained_arrived(std::move(page));
        });
    return;
  }
}

// What was published after the subscription began comes by the room's cursor.
bool Session::comes_live(const RetainedJob& job, const Entry& entry) const {
  if (const auto head = job.heads.find(entry.room); head != job.heads.end()) return entry.seq > head->second;
  const Joined* room = find(entry.room);
  return room != nullptr && room->position && entry.seq > *room->position;
}

void Session::retained_arrived(Result<RetainedPage> page) {
  // The subscription may have been dropped, and its job with it.
  if (retained_.empty() || !retained_.front().reading) return;
  RetainedJob& job = retained_.front();
  job.reading = false;
  if (!page) return;  // asked again by on_tick
  if (job.filter != page->filter) return;
  job.more = page->more;
  job.after = page->last;
  for (RetainedMessage& message : page->messages) job.messages.push_back(std::move(message));
  next_retained();
}

}  // namespace parley::mqtt
