// CONNECT and CONNACK (MQTT 5 §3.1, §3.2, §4.1; MQTT 3.1.1 §3.1, §3.2).

#include <algorithm>

#include "broker/core/mqtt/client.h"
#include "broker/protocol/mqtt/publication.h"

namespace parley::mqtt {

namespace {

constexpr unsigned assigned_chars = 22;

Reason reason_of_login(const Error& error) {
  switch (error.code) {
    case Code::unauthorized:
      return Reason::bad_user_name_or_password;
    case Code::rate_limited:
      return Reason::server_busy;
    case Code::forbidden:
      return Reason::not_authorized;
    default:
      return Reason::server_unavailable;
  }
}

}  // namespace

void Client::on(const Connect& packet) {
  exchange_.counters().connects.add();
  receiver_.version = packet.version;
  read_properties(packet);
  if (packet.properties.authentication_method) {
    return refuse(Reason::bad_authentication_method, "there is no enhanced authentication here: use a user name and a password");
  }
  Newcomer& newcomer = *newcomer_;
  newcomer.assigned = packet.client_id.empty();
  newcomer.client_id =
      newcomer.assigned ? SharedText("auto-" + exchange_.around().random.id(assigned_chars)) : SharedText(packet.client_id);
  newcomer.clean_start = packet.clean_start;
  if (packet.will) {
    if (!payload_format_holds(packet.will->properties.payload_is_utf8, packet.will->payload)) {
      return refuse(Reason::payload_format_invalid, "the will's payload is not UTF-8");
    }
    will_ = std::make_unique<WillMessage>(read_will(*packet.will));
  }
  if (draining_) return refuse(Reason::server_unavailable, "the server is stopping");
  // What is too large for the client is not sent (MQTT 5 §3.1.2.11.4), and without CONNACK nothing can go on.
  if (!encode(connack(false), receiver_)) return refuse(Reason::packet_too_large, "CONNACK is larger than Maximum Packet Size");
  log_in(packet);
}

void Client::read_properties(const Connect& packet) {
  const Settings& settings = exchange_.settings();
  const ConnectProperties& properties = packet.properties;
  keep_alive_s_ = packet.keep_alive_s;
  inflight_max_ = settings.inflight_max;
  if (packet.version == Version::v5) {
    expiry_s_ = properties.session_expiry_interval_s.value_or(0);
    receiver_.packet_bytes_max = properties.maximum_packet_size.value_or(packet_bytes_most);
    // Reason strings may always go out, but few clients show them: only for one that asks in so many words.
    receiver_.problem_information = properties.request_problem_information.value_or(false);
    inflight_max_ = std::min(inflight_max_, properties.receive_maximum.value_or(65'535));
    alias_max_ = std::min(properties.topic_alias_maximum.value_or(0), settings.topic_aliases);
    const unsigned longest = settings.keep_alive_max_s;
    if (longest != 0 && (keep_alive_s_ == 0 || keep_alive_s_ > longest)) {
      keep_alive_s_ = settings.keep_alive_max_s;
      keep_alive_set_ = true;
      exchange_.counters().keep_alives_capped.add();
    }
    for (const UserProperty& property : properties.user)
      meta_ = meta_ || (property.name == "parley-meta" && property.value == "1");
  } else {
    expiry_s_ = packet.clean_start ? 0 : never_expires;
  }
  if (expiry_s_ > settings.session_expiry_max_s) {
    expiry_s_ = settings.session_expiry_max_s;
    expiry_capped_ = true;
    // "For ever" is all that 3.1.1 can say: that is nothing to count.
    if (packet.version == Version::v5) exchange_.counters().expiries_capped.add();
  }
}

WillMessage Client::read_will(const Will& will) const {
  WillMessage out;
  out.topic = will.topic;
  out.payload = will.payload;
  out.qos = will.qos;
  out.retain = will.retain;
  out.delay_s = will.properties.will_delay_interval_s.value_or(0);
  out.expiry_s = will.properties.message_expiry_interval_s.value_or(0);
  out.content_type = will.properties.content_type.value_or(std::string_view());
  Publication publication;
  publication.qos = will.qos;
  publication.retain = will.retain;
  publication.client_id = newcomer_->client_id.view();
  publication.properties.payload_is_utf8 = will.properties.payload_is_utf8;
  publication.properties.message_expiry_interval_s = will.properties.message_expiry_interval_s;
  publication.properties.content_type = will.properties.content_type;
  publication.properties.response_topic = will.properties.response_topic;
  publication.properties.correlation_data = will.properties.correlation_data;
  publication.properties.user = will.properties.user;
  out.properties = encode_publication(publication);
  return out;
}

// ---- who it is

void Client::log_in(const Connect& packet) {
  stage_ = Stage::logging_in;
  const SharedText peer = std::exchange(newcomer_->peer, {});
  Authenticator& authenticator = exchange_.around().authenticator;
  if (!packet.password) {
    // A user name alone proves nothing: such a client is a guest, who may wish for a name.
    Result<SubjectPtr> guest = authenticator.guest(packet.user_name.value_or(std::string_view()));
    if (!guest) return refuse(Reason::not_authorized, "give a user name and a password, or a token as the password");
    return logged_in(std::move(guest));
  }
  if (Result<Login> login = authenticator.verify(*packet.password, exchange_.clock().unix_ms())) {
    login_expires_ = login->expires;
    return logged_in(login->subject);
  }
  if (!packet.user_name) return logged_in({Code::unauthorized, "the token is wrong or expired"});
  exchange_.around().passwords.check(std::string(*packet.user_name), std::string(*packet.password), peer.str(),
                                     [exchange = &exchange_, id = id_](Result<SubjectPtr> subject) {
                                       if (Client* self = exchange->client(id)) self->logged_in(std::move(subject));
                                     });
}

void Client::logged_in(Result<SubjectPtr> subject) {
  if (stage_ != Stage::logging_in) return;
  if (!subject) return refuse(reason_of_login(subject.error()), "the login was refused");
  subject_ = std::move(subject).value();
  arrive();
}

// ---- its session

void Client::arrive() {
  stage_ = Stage::arriving;
  const Newcomer& newcomer = *newcomer_;
  Arrival arrival;
  arrival.client_id = newcomer.client_id;
  arrival.subject = subject_;
  arrival.clean_start = newcomer.clean_start;
  arrival.expiry_s = expiry_s_;
  arrival.owner = {exchange_.hub().follower(), id_};
  if (will_) arrival.will = *will_;
  Exchange* exchange = &exchange_;
  exchange_.around().registry.call<Welcome>(
      [arrival = std::move(arrival)](Registry& registry, Reply<Welcome> reply) mutable {
        registry.arrive(std::move(arrival), std::move(reply));
      },
      [exchange, id = id_, client_id = newcomer.client_id, subject = subject_,
       expiry_s = expiry_s_](Result<Welcome> welcome) mutable {
        Client* self = exchange->client(id);
        if (self != nullptr && self->stage_ == Stage::arriving) return self->arrived(std::move(welcome));
        if (!welcome) return;
        // The client has gone meanwhile: its session goes on without it, or ends.
        auto state = std::move(welcome->state);
        if (!state) {
          state = std::make_unique<SessionState>();
          state->client_id = client_id;
          state->subject = subject;
        }
        state->stored = welcome->stored;
        Session& session = exchange->open(std::move(state));
        exchange->close(session, welcome->generation, expiry_s, std::nullopt);
      });
}

void Client::arrived(Result<Welcome> welcome) {
  if (!welcome) {
    const Code why = welcome.error().code;
    if (why == Code::unavailable || why == Code::internal) {
      return refuse(Reason::server_unavailable, "storage takes nothing now");
    }
    const bool full = welcome.error().code == Code::too_large;
    return refuse(full ? Reason::quota_exceeded : Reason::not_authorized, "the session cannot be had");
  }
  std::unique_ptr<SessionState> state = std::move(welcome->state);
  const bool present = state != nullptr;
  if (!present) {
    state = std::make_unique<SessionState>();
    state->client_id = newcomer_->client_id;
    state->subject = subject_;
  }
  state->stored = welcome->stored;
  generation_ = welcome->generation;
  stage_ = Stage::connected;
  last_packet_ = exchange_.clock().mono_ms();
  exchange_.counters().clients.add(1);
  session_ = &exchange_.open(std::move(state));
  send(connack(present));
  newcomer_.reset();
  carried_ = static_cast<std::uint16_t>(session_->received());
  session_->bind(*this);
  read_held();
}

Connack Client::connack(bool present) const {
  const Settings& settings = exchange_.settings();
  Connack packet;
  packet.session_present = present;
  if (version() != Version::v5) return packet;
  ConnackProperties& properties = packet.properties;
  if (expiry_capped_) properties.session_expiry_interval_s = expiry_s_;
  properties.receive_maximum = settings.receive_max;
  properties.maximum_packet_size = settings.packets.packet_bytes_max;
  if (settings.topic_aliases != 0) properties.topic_alias_maximum = settings.topic_aliases;
  if (newcomer_->assigned) properties.assigned_client_identifier = newcomer_->client_id.view();
  if (keep_alive_set_) properties.server_keep_alive_s = keep_alive_s_;
  return packet;
}

void Client::refuse(Reason reason, std::string_view text) {
  exchange_.counters().refused[static_cast<unsigned>(reason)].add();
  Connack packet;
  packet.reason = reason;
  if (receiver_.problem_information) packet.properties.reason_string = text;
  send(packet);
  lost();
  transport_.close(1000, text);
}

}  // namespace parley::mqtt
