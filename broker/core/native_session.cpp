#include "broker/core/native_session.h"

#include <algorithm>

#include "broker/base/small_table.h"
#include "broker/core/may.h"
#include "broker/protocol/websocket_writer.h"

namespace parley {

namespace close_code = websocket::close_code;

NativeSession::NativeSession(Hub& hub, Transport& transport, Authenticator& authenticator, Random& random,
                             const NativeSettings& settings)
    : hub_(hub),
      transport_(transport),
      authenticator_(authenticator),
      random_(random),
      settings_(settings),
      id_(hub.add_session(*this)),
      opened_(hub.clock().mono_ms()) {
  start_small(subscriptions_);
}

NativeSession::~NativeSession() {
  for (auto& [name, subscription] : subscriptions_) {
    if (subscription.cursor != nullptr) hub_.detach(*subscription.cursor);
  }
  hub_.remove_session(id_);
}

// ---- commands

void NativeSession::on_text(std::string_view frame) {
  if (closed_) return;
  if (frame.size() > settings_.limits.frame_bytes) {
    malformed({}, {Code::too_large, "a frame has at most " + std::to_string(settings_.limits.frame_bytes) + " bytes"});
    return;
  }
  auto decoded = native::decode(frame, settings_.limits.body_bytes);
  if (auto* command = std::get_if<native::Command>(&decoded)) {
    carry_out(*command);
  } else {
    const auto& bad = std::get<native::Malformed>(decoded);
    malformed(bad.id, bad.error);
  }
  update_reading();
}

void NativeSession::carry_out(native::Command& command) {
  if (!connected() && !std::holds_alternative<native::Connect>(command.op)) {
    refuse(command.id, {Code::unauthorized, "the first command must be \"connect\""});
    close(close_code::policy, "connect first");
    return;
  }
  std::visit([&](auto& op) { on(command.id, op); }, command.op);
}

Result<Login> NativeSession::new_guest(const std::string& name, UnixMs now) const {
  Result<SubjectPtr> guest = authenticator_.guest(name);
  if (!guest) return guest.error();
  return authenticator_.admit(std::move(*guest), now);
}

void NativeSession::on(native::Id id, native::Connect& connect) {
  const UnixMs now = hub_.clock().unix_ms();
  const bool renewal = connected();
  if (renewal && connect.token.empty()) return refuse(id, {Code::bad_request, "already connected: a renewal carries a token"});
  Result<Login> login = connect.token.empty() ? new_guest(connect.name, now) : authenticator_.verify(connect.token, now);
  if (!login) return malformed(id, login.error());
  if (renewal && login->subject->user_id != subject_->user_id) {
    return refuse(id, {Code::forbidden, "a renewal is for the same user: open another connection for another one"});
  }
  subject_ = login->subject;
  login_expires_ = login->expires;
  native::Connected reply;
  reply.subject = subject_.get();
  const std::string session = random_.id(16);
  reply.session = session;
  reply.token = login->token;
  reply.heartbeat_s = settings_.heartbeat_s;
  reply.expires_in_s = (login_expires_ - now) / 1000;
  reply.limits = settings_.limits;
  std::string text;
  native::append_connected(text, id, reply);
  send_text(text);
}

void NativeSession::on(native::Id id, native::Subscribe& subscribe) {
  const auto known = subscriptions_.find(subscribe.room);
  if (known == subscriptions_.end() && subscriptions_.size() >= settings_.limits.subscriptions) {
    return refuse(
        id, {Code::too_large, "a connection has at most " + std::to_string(settings_.limits.subscriptions) + " subscriptions"});
  }
  before_insert(subscriptions_);
  Subscription& subscription = subscriptions_[subscribe.room];
  if (subscription.cursor != nullptr) hub_.detach(*std::exchange(subscription.cursor, nullptr));
  subscription.generation = ++generation_;
  Attach attach{subscribe.room, subscribe.since.has_value(), subscribe.since.value_or(0), subscribe.epoch};
  hub_.attach(id_, subject_, std::move(attach),
              [this, id, room = subscribe.room, generation = generation_](Result<Hub::Attachment> result) {
                attached(id, room, generation, std::move(result));
              });
}

void NativeSession::attached(native::Id id, const std::string& room, std::uint64_t generation, Result<Hub::Attachment> result) {
  const auto found = subscriptions_.find(room);
  const bool current = found != subscriptions_.end() && found->second.generation == generation;
  if (!result) {
    if (current) subscriptions_.erase(found);
    return refuse(id, result.error());
  }
  if (!current) {
    hub_.detach(*result->cursor);
    return refuse(id, {Code::conflict, "the subscription was replaced or given up meanwhile"});
  }
  found->second.cursor = result->cursor;
  const Attached& at = result->at;
  if (id) {
    std::string text;
    native::append_subscribed(text, id, {room, at.room.head, at.room.floor, at.epoch, at.recovered, at.role});
    send_text(text);
  }
  hub_.start(*result->cursor);
}

void NativeSession::on(native::Id id, native::Unsubscribe& unsubscribe) {
  const auto found = subscriptions_.find(unsubscribe.room);
  if (found == subscriptions_.end()) return refuse(id, {Code::not_found, "there is no subscription to this room"});
  Cursor* ended = found->second.cursor;
  subscriptions_.erase(found);
  if (ended != nullptr) hub_.detach(*ended);
  if (!id) return;
  std::string text;
  native::append_done(text, id);
  send_text(text);
}

void NativeSession::on(native::Id id, native::Publish& publish) {
  const AckQueue::Ticket ticket = acks_.open();
  const MonoMs began = hub_.clock().mono_ms();
  if (refusing_) {
    return answered(ticket, id, began, {Code::unavailable, "the server is stopping: publish again elsewhere, with the same cid"});
  }
  hub_.counters().publishes.add();
  Publish entry;
  entry.room = std::move(publish.room);
  entry.type = publish.type;
  entry.target = publish.target;
  entry.cid = std::move(publish.cid);
  entry.body = std::move(publish.body);
  hub_.log().call<Appended>(
      [subject = subject_, entry = std::move(entry)](Log& log, Reply<Appended> reply) mutable {
        log.publish(std::move(subject), std::move(entry), std::move(reply));
      },
      [hub = &hub_, session = id_, ticket, id, began](Result<Appended> result) {
        if (auto* self = static_cast<NativeSession*>(hub->session(session))) self->answered(ticket, id, began, result);
      });
}

void NativeSession::answered(AckQueue::Ticket ticket, native::Id id, MonoMs began, const Result<Appended>& result) {
  std::string text;
  if (!result) {
    hub_.counters().publish_errors.add();
    if (result.error().code == Code::forbidden) hub_.counters().drop(Drop::refused);
    native::append_error(text, id, result.error());
  } else {
    if (result->duplicate) hub_.counters().duplicates.add();
    hub_.counters().ack_latency_us.record(static_cast<std::uint64_t>(hub_.clock().mono_ms() - began) * 1000);
    if (id) native::append_published(text, id, result->seq, result->ts, result->duplicate);
  }
  acks_.settle(ticket, std::move(text));
  while (std::optional<std::string> next = acks_.take()) {
    if (!next->empty()) send_text(*next);
  }
  update_reading();
}

void NativeSession::on(native::Id id, native::Ack& ack) {
  Cursor* at = cursor(ack.room);
  if (at == nullptr) return;  // given up a moment ago
  if (ack.seq > at->sent) {
    return malformed(id, {Code::bad_request, "nothing beyond " + std::to_string(at->sent) + " was sent yet in this room"});
  }
  hub_.acked(*at, ack.seq);
}

void NativeSession::on(native::Id id, native::Signal& signal) {
  if (!signal_allowed()) {
    hub_.counters().drop(Drop::signal_flood);
    if (id) refuse(id, {Code::rate_limited, "too many signals"});
    return;
  }
  const Cursor* at = cursor(signal.room);
  if (at == nullptr) return signal_through_log(id, signal);
  if (Status status = may(*subject_, Action::signal, {at->room->info.visibility, at->role}); !status)
    return refuse(id, status.error());
  hub_.publish_signal(*at, std::move(signal.type), std::move(signal.body));
  if (id) {
    std::string text;
    native::append_done(text, id);
    send_text(text);
  }
}

// Of a room without a cursor here only the log knows the rights.
void NativeSession::signal_through_log(native::Id id, native::Signal& signal) {
  hub_.log().call<Nothing>(
      [subject = subject_, signal = std::move(signal)](Log& log, Reply<Nothing> reply) mutable {
        log.publish_signal(std::move(subject), std::move(signal.room), std::move(signal.type), std::move(signal.body),
                           std::move(reply));
      },
      [hub = &hub_, session = id_, id](Result<Nothing> sent) {
        auto* self = static_cast<NativeSession*>(hub->session(session));
        if (self == nullptr) return;
        if (!sent) return self->refuse(id, sent.error());
        if (!id) return;
        std::string text;
        native::append_done(text, id);
        self->send_text(text);
      });
}

bool NativeSession::signal_allowed() {
  if (settings_.signals_per_s == 0) return true;
  const MonoMs second = hub_.clock().mono_ms() / 1000;
  if (second != signal_second_) {
    signal_second_ = second;
    signals_ = 0;
  }
  return ++signals_ <= settings_.signals_per_s;
}

void NativeSession::on(native::Id id, native::Read& read) {
  hub_.log().call<ReadMark>(
      [subject = subject_, room = read.room, seq = read.seq](Log& log, Reply<ReadMark> reply) mutable {
        log.set_read(std::move(subject), std::move(room), seq, std::move(reply));
      },
      [hub = &hub_, session = id_, id](Result<ReadMark> mark) {
        auto* self = static_cast<NativeSession*>(hub->session(session));
        if (self == nullptr) return;
        if (!mark) return self->refuse(id, mark.error());
        if (!id) return;
        std::string text;
        native::append_read(text, id, mark->seq);
        self->send_text(text);
      });
}

void NativeSession::on(native::Id id, native::Presence& presence) {
  if (Cursor* at = cursor(presence.room)) at->watching = true;
  hub_.log().call<Presence>(
      [subject = subject_, room = presence.room](Log& log, Reply<Presence> reply) mutable {
        log.presence(std::move(subject), std::move(room), std::move(reply));
      },
      [hub = &hub_, session = id_, id, room = presence.room](Result<Presence> here) {
        auto* self = static_cast<NativeSession*>(hub->session(session));
        if (self == nullptr) return;
        if (!here) return self->refuse(id, here.error());
        std::vector<native::Person> people;
        for (const Member& member : here->users) people.push_back({member.user_id, member.user_name});
        std::string text;
        native::append_presence(text, id, room, here->count, people, here->partial);
        self->send_text(text);
      });
}

void NativeSession::on(native::Id id, native::Ping&) {
  std::string text;
  native::append_done(text, id);
  send_text(text);
}

// ---- Subscriber

Subscriber::Allowance NativeSession::allowance(const Cursor& cursor) const {
  const Seq under_way = cursor.sent - cursor.acked;
  const native::Limits& limits = settings_.limits;
  if (closed_ || transport_.congested() || cursor.bytes_under_way >= limits.window_bytes || under_way >= limits.window) return {};
  return {static_cast<unsigned>(limits.window - under_way), limits.window_bytes - cursor.bytes_under_way};
}

void NativeSession::deliver(Cursor& cursor, const Delivery& delivery) {
  Frame frame = delivery.room->native_frames(delivery);
  cursor.note_sent(delivery.last, frame.size());
  transport_.send(std::move(frame));
}

void NativeSession::gap(Cursor& cursor, Seq from, Seq to) {
  std::string text;
  native::append_gap(text, cursor.room->info.name, from, to);
  send_text(text);
}

void NativeSession::signals(const Cursor&, const Frame& frame, unsigned count) {
  if (transport_.congested()) {
    hub_.counters().drop(Drop::signal_congested, count);
    return;
  }
  transport_.send(frame);
}

void NativeSession::detached(Cursor& cursor, const Error& why) {
  const std::string room = cursor.room->info.name;
  subscriptions_.erase(room);
  hub_.detach(cursor);
  std::string text;
  native::append_detached(text, room, why);
  send_text(text);
}

const Subject& NativeSession::subject() const {
  static const Subject nobody;
  return connected() ? *subject_ : nobody;
}

void NativeSession::revoked() { close(close_code::policy, "the login was ended"); }

// ---- the connection

void NativeSession::on_drained() {
  update_reading();
  // Pumping may end no subscription of this session, so the walk is safe.
  for (auto& [name, subscription] : subscriptions_) {
    if (subscription.cursor != nullptr) hub_.pump(*subscription.cursor);
  }
}

void NativeSession::on_tick() {
  if (closed_) return;
  if (!connected()) {
    if (hub_.clock().mono_ms() - opened_ >= settings_.connect_timeout_ms) close(close_code::policy, "no connect in time");
  } else if (hub_.clock().unix_ms() >= login_expires_) {
    close(close_code::policy, "the token expired");
  }
}

void NativeSession::goaway(std::string_view reason, MonoMs after_ms) {
  std::string text;
  native::append_goaway(text, reason, after_ms);
  send_text(text);
}

// A client with too many publishes under way, or one that does not read its answers, is not read from.
void NativeSession::update_reading() {
  const bool pause = !closed_ && (acks_.size() >= settings_.limits.inflight || transport_.congested());
  if (pause == paused_) return;
  paused_ = pause;
  transport_.pause_reading(pause);
}

Cursor* NativeSession::cursor(const std::string& room) const {
  const auto found = subscriptions_.find(room);
  return found == subscriptions_.end() ? nullptr : found->second.cursor;
}

void NativeSession::refuse(native::Id id, const Error& error) {
  if (error.code == Code::forbidden) hub_.counters().drop(Drop::refused);
  std::string text;
  native::append_error(text, id, error);
  send_text(text);
}

void NativeSession::malformed(native::Id id, const Error& error) {
  hub_.counters().drop(Drop::malformed);
  if (++malformed_ > settings_.malformed_max) return close(close_code::policy, "too many malformed commands");
  refuse(id, error);
}

void NativeSession::close(std::uint16_t code, std::string_view reason) {
  if (closed_) return;
  closed_ = true;
  transport_.close(code, reason);
}

void NativeSession::send_text(std::string_view text) {
  if (!closed_) transport_.send(websocket::encode(websocket::Opcode::text, text));
}

}  // namespace parley
