// What a session sends: entries of its rooms, messages that are not kept, retained ones, and what was under way when the
// connection broke.

#include <algorithm>

#include "broker/core/mqtt/client.h"
#include "broker/core/mqtt/exchange.h"

namespace parley::mqtt {

// ---- live

parley::Subscriber::Allowance Session::allowance(const Cursor& cursor) const {
  if (client_ == nullptr || resending_ || client_->congested()) return {};
  if (gated() && saving_->gate_bytes > exchange_.settings().run_bytes) return {};
  const std::size_t bytes = exchange_.settings().run_bytes;
  constexpr unsigned entries_max = 256;
  if (joined(cursor).qos == QoS::at_most_once) return {entries_max, bytes};
  return {window_.free(), bytes};
}

void Session::held_back(Cursor& cursor) {
  Joined& room = joined(cursor);
  if (room.waiting) return;
  if (room.qos != QoS::at_most_once && window_.free() == 0) exchange_.counters().window_full.add();
  room.waiting = true;
  waiting_.push_back(cursor.room->info.id);
}

// MQTT has no word for it.
void Session::gap(Cursor& /*cursor*/, Seq from, Seq to) { exchange_.counters().lose(Lost::pruned, to - from + 1); }

void Session::deliver(Cursor& cursor, const Delivery& delivery) {
  Joined& room = joined(cursor);
  if (stored().id != 0 && room.qos != QoS::at_most_once) note().moved.insert(cursor.room->info.id);
  cursor.sent = cursor.acked = delivery.last;
  const EntryRange entries(delivery);
  if (room.skip.empty() && send_plain(room, entries)) return;
  std::string out;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const Seq seq = delivery.first + i;
    // Pages of several rooms may be read at a time, each for the whole window: what is left of this one is read again.
    if (room.qos != QoS::at_most_once && window_.free() == 0) {
      cursor.sent = cursor.acked = seq - 1;
      break;
    }
    if (!room.skip.empty() && std::binary_search(room.skip.begin(), room.skip.end(), seq)) continue;
    append_live(out, room, entries[i], entries.size() == 1);
  }
  std::erase_if(room.skip, [&](Seq seq) { return seq <= cursor.sent; });
  send(out);
}

bool Session::messages(const Cursor& cursor, const Run& run) {
  if (client_ == nullptr) return true;
  const EntryRange messages(*run.entries);
  if (!held_.empty()) {
    hold_all(run);
  } else if (client_->congested()) {
    exchange_.counters().lose(Lost::congested, messages.size());
  } else if (const Joined& room = joined(cursor); !send_plain(room, messages)) {
    std::string out;
    for (std::size_t i = 0; i < messages.size(); ++i) append_live(out, room, messages[i], messages.size() == 1);
    send(out);
  }
  return true;
}

void Session::send_message(const Joined& room, const EntryPtr& message) {
  if (client_->congested()) return exchange_.counters().lose(Lost::congested);
  std::string out;
  append_live(out, room, message, true);
  send(out);
}

// In one piece that others get as well, where there is nothing in it of this session's own. False: to be made for this one.
bool Session::send_plain(const Joined& room, const EntryRange& entries) {
  const bool own = room.retain_as_published || room.meta || room.some_no_local || !room.ids.empty() || client_->uses_aliases();
  if (own || must_save() || gated()) return false;
  const PlainRun& run = exchange_.plain_runs().get(entries, room.name, client_->version(), exchange_.messages());
  const bool acknowledged = run.acknowledged && room.qos != QoS::at_most_once;
  if (!run.same_for_all || acknowledged || run.packet_bytes > client_->packet_bytes_max()) return false;
  if (run.packets == 0) return true;
  exchange_.counters().messages_out.add(run.packets);
  client_->send_frame(PacketType::publish, run.frame, run.packets);
  return true;
}

void Session::append_live(std::string& out, const Joined& room, const EntryPtr& entry, bool alone) {
  if (entry->deleted || (entry->type != EntryType::message && !room.meta)) return;
  Message& message = exchange_.messages().get(entry, room.name);
  // A message with QoS 2 is in storage before it goes out: that one is not sent a second time.
  const auto repeated = [&](QoS qos) { return qos == QoS::at_least_once && entry->seq != 0 && entry->seq <= room.repeats; };
  QoS qos = std::min(room.qos, message.qos());
  Terms terms{qos, message.retain() && room.retain_as_published, repeated(qos), room.meta, 0, &room.ids, nullptr};
  const bool own = room.some_no_local && !message.client_id().empty() && message.client_id() == is_.client_id.view();
  if (!own) return append(out, message, room.name, terms, alone);
  // [MQTT-3.8.3-3]: only by the subscriptions that want it.
  Joined others;
  std::copy_if(room.matched.begin(), room.matched.end(), std::back_inserter(others.matched),
               [&](std::uint32_t place) { return !subscriptions_[place].state.no_local; });
  if (others.matched.empty()) return;
  merge(others);
  qos = std::min(others.qos, message.qos());
  terms = {qos, message.retain() && others.retain_as_published, repeated(qos), others.meta, 0, &others.ids, nullptr};
  append(out, message, room.name, terms, alone);
}

void Session::deliver_loose(const EntryPtr& entry, const std::string& name, const std::vector<std::uint32_t>& subscriptions,
                            bool retained) {
  if (client_ == nullptr || client_->congested()) return;
  Joined matching;
  matching.matched = subscriptions;
  merge(matching);
  std::string out;
  append(out, exchange_.messages().get(entry, name), name, {QoS::at_most_once, retained, false, false, 0, &matching.ids, nullptr},
         false);
  send(out);
}

// ---- one message

bool Session::is_plain(const Message& message, const Terms& terms) const {
  return terms.qos == QoS::at_most_once && !terms.retain && !terms.meta && terms.ids->empty() &&
         !message.expires_in_s(exchange_.clock().unix_ms()) && !client_->uses_aliases();
}

// `alone`: nothing else is in `out`, and nothing will be.
void Session::append(std::string& out, Message& message, const std::string& name, Terms terms, bool alone) {
  Counters& counters = exchange_.counters();
  const Version version = client_->version();
  if (alone && !gated() && is_plain(message, terms)) {
    const Frame& frame = message.plain(version);
    if (frame.size() > client_->packet_bytes_max()) return counters.lose(Lost::too_large);
    counters.messages_out.add();
    return client_->send_frame(PacketType::publish, frame);
  }
  PublishTo to;
  to.qos = terms.qos;
  to.dup = terms.dup;
  to.retain = terms.retain;
  if (version == Version::v5) {
    to.message_expiry_interval_s = message.expires_in_s(exchange_.clock().unix_ms());
    to.subscription_ids = *terms.ids;
  }
  const std::optional<std::uint32_t> left = message.expires_in_s(exchange_.clock().unix_ms());
  if (left == 0U && terms.packet_id == 0) return counters.lose(Lost::expired);
  std::optional<SharedPublish> own;
  if (terms.meta && version == Version::v5) own.emplace(message.with_meta());
  const SharedPublish& shared = own ? *own : message.shared(version);
  if (shared.size(to) > client_->packet_bytes_max()) {
    if (terms.packet_id != 0) finish(terms.packet_id);
    return counters.lose(Lost::too_large);
  }
  client_->choose_alias(name, to);
  if (to.topic_alias && shared.size(to) > client_->packet_bytes_max()) {
    to.topic_alias.reset();
    to.topic_by_alias = false;
  }
  client_->alias_sent(name, to);
  if (terms.qos != QoS::at_most_once) {
    to.packet_id = terms.packet_id;
    if (to.packet_id == 0) {
      InFlight under_way;
      under_way.room = message.entry().room;
      under_way.name = name;
      under_way.seq = message.entry().seq;
      under_way.qos = terms.qos;
      under_way.retain = terms.retain;
      under_way.subscription_ids = *terms.ids;
      if (terms.share != nullptr) under_way.share = *terms.share;
      under_way.order = is_.next_order++;
      to.packet_id = window_.add(std::move(under_way)).packet_id;
      if (stored().id != 0) {
        note().changed.insert(to.packet_id);
        if (terms.qos == QoS::exactly_once || exchange_.settings().save_interval_ms == 0) saving().must = true;
      }
    }
  }
  const std::size_t before = out.size();
  shared.append(out, to);
  counters.messages_out.add();
  if (terms.dup) counters.resent.add();
  counters.sent(PacketType::publish, out.size() - before);
}

// ---- after a connection broke [MQTT-4.4.0-1]

void Session::resend() {
  resending_ = std::make_unique<Resending>();
  Resending& again = *resending_;
  again.missing = 1;
  for (const InFlight& message : window_.messages()) {
    again.messages.push_back({message.packet_id, nullptr});
    if (message.released) continue;
    ++again.missing;
    exchange_.hub().log().call<LogPage>(
        [room = message.room, after = message.seq - 1](Log& log, Reply<LogPage> reply) {
          log.read(room, after, 1, 1, std::move(reply));
        },
        [hub = &exchange_.hub(), id = id_, connection = connection_, at = again.messages.size() - 1](Result<LogPage> page) {
          auto* self = static_cast<Session*>(hub->session(id));
          if (self != nullptr) self->resent_read(connection, at, std::move(page));
        });
  }
  resent_read(connection_, again.messages.size(), LogPage{});
}

void Session::resent_read(unsigned connection, std::size_t at, Result<LogPage> page) {
  if (connection != connection_) return;
  // The log cannot be read now: the client comes again, and everything is still under way.
  if (!page) return client_->end_later(Reason::server_busy, "storage cannot be read now");
  Resending& again = *resending_;
  if (at < again.messages.size() && !page->entries.empty()) again.messages[at].entry = page->entries.front();
  if (--again.missing == 0) go_on_resending();
}

// No more at a time than the client takes now, which may be less than it took before [MQTT-3.3.4-9].
void Session::go_on_resending() {
  const auto waits = [&](const Resend& resend) { return window_.find(resend.packet_id) != nullptr; };
  Queue<Resend>& messages = resending_->messages;
  auto sent = window_.size() - messages.count_if(waits);
  std::string out;
  for (; !messages.empty(); messages.pop_front()) {
    const Resend& resend = messages.front();
    InFlight* message = window_.find(resend.packet_id);
    if (message == nullptr) continue;
    const bool gone = !resend.entry || resend.entry->seq != message->seq || resend.entry->deleted;
    if (!message->released && !gone && sent >= window_.limit()) return send(out);  // its acknowledgements bring us back
    ++sent;
    if (std::exchange(message->in_doubt, false) && stored().id != 0) {
      note().changed.insert(message->packet_id);
      if (message->qos == QoS::exactly_once) saving().must = true;
    }
    if (!message->released && !gone) {
      const std::vector<std::uint32_t> ids = message->subscription_ids;
      const Terms terms{message->qos, message->retain, true, false, message->packet_id, &ids, nullptr};
      append(out, exchange_.messages().get(resend.entry, message->name), std::string(message->name), terms, false);
    } else if (message->released || message->qos == QoS::exactly_once) {
      // One that is gone ends all the same: the client may have it, and waits for PUBREL before it takes the identifier again.
      send(out);
      out.clear();
      if (!message->released && stored().id != 0) {
        note().changed.insert(message->packet_id);
        saving().must = true;
      }
      message->released = true;
      send_packet(Pubrel{{message->packet_id, Reason::success, {}}});
    } else {
      finish(resend.packet_id);
    }
  }
  send(out);
  resending_.reset();
  for (auto& [id, room] : rooms_) {
    if (room->cursor == nullptr && !room->attaching && !room->denied) attach(id, *room);
  }
  next_retained();
  send_shared();
}

}  // namespace parley::mqtt
