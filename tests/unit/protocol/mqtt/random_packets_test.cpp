// Random packets of every type, written, split anywhere and read again.

#include <random>

#include "tests/unit/protocol/mqtt/helpers.h"

namespace parley::mqtt::tests {
namespace {

class Maker {
 public:
  Maker(unsigned seed, Version version) : random_(seed), version_(version) {}

  Packet packet(PacketType type) {
    switch (type) {
      case PacketType::connect:
        return connect();
      case PacketType::connack:
        return connack();
      case PacketType::publish:
        return publish();
      case PacketType::puback:
        return Puback{ack(Reason::not_authorized)};
      case PacketType::pubrec:
        return Pubrec{ack(Reason::packet_identifier_in_use)};
      case PacketType::pubrel:
        return Pubrel{ack(Reason::packet_identifier_not_found)};
      case PacketType::pubcomp:
        return Pubcomp{ack(Reason::packet_identifier_not_found)};
      case PacketType::subscribe:
        return subscribe();
      case PacketType::suback:
        return Suback{id(), ack_properties(), reasons(Reason::granted_qos_2, Reason::unspecified_error)};
      case PacketType::unsubscribe:
        return unsubscribe();
      case PacketType::unsuback:
        return Unsuback{id(), ack_properties(), v5() ? reasons(Reason::success, Reason::not_authorized) : std::vector<Reason>()};
      case PacketType::pingreq:
        return Pingreq{};
      case PacketType::pingresp:
        return Pingresp{};
      case PacketType::disconnect:
        return disconnect();
      case PacketType::auth:
        return auth();
    }
    return Pingreq{};
  }

 private:
  bool v5() const { return version_ == Version::v5; }
  unsigned below(unsigned n) { return static_cast<unsigned>(random_() % n); }
  bool coin() { return below(2) == 0; }
  std::uint16_t id() { return static_cast<std::uint16_t>(1 + below(65'535)); }
  std::string_view keep(std::string text) { return *kept_.emplace_back(std::make_unique<std::string>(std::move(text))); }
  std::string_view text() {
    static const char* const words[] = {
        "", "a", "topic", "gr\xc3\xbc\xc3\x9f", "\xf0\x9f\x98\x80", "\xef\xbb\xbf", "a longer text with spaces"};
    return words[below(7)];
  }
  std::string_view topic() {
    static const char* const words[] = {"a", "/", "a/b", "team/dev", "$SYS/x", "\xc3\xa9/x"};
    return words[below(6)];
  }
  std::string_view filter() {
    static const char* const words[] = {"a", "#", "a/+/b", "+", "$share/g/a/#", "//"};
    return words[below(6)];
  }
  std::string_view bytes() {
    std::string out(below(coin() ? 5 : 3'000), '\0');
    for (char& c : out) c = static_cast<char>(below(256));
    return keep(std::move(out));
  }
  template <typename T, typename F>
  void maybe(std::optional<T>& field, F make) {
    if (v5() && coin()) field = static_cast<T>(make());
  }
  std::uint32_t number() { return static_cast<std::uint32_t>(random_() >> below(32)); }
  UserProperties user() {
    UserProperties out;
    for (unsigned n = v5() ? below(4) : 0; n > 0; --n) out.push_back({text(), text()});
    return out;
  }
  AckProperties ack_properties() {
    AckProperties out;
    maybe(out.reason_string, [&] { return text(); });
    out.user = user();
    return out;
  }
  Acknowledgement ack(Reason error) { return {id(), v5() && coin() ? error : Reason::success, ack_properties()}; }
  std::vector<Reason> reasons(Reason a, Reason b) {
    std::vector<Reason> out(1 + below(5));
    for (Reason& reason : out) reason = coin() ? a : b;
    return out;
  }
  Connect connect() {
    Connect c;
    c.version = version_;
    c.clean_start = coin();
    c.keep_alive_s = id();
    c.client_id = c.clean_start ? text() : "id";
    auto& p = c.properties;
    maybe(p.session_expiry_interval_s, [&] { return number(); });
    maybe(p.receive_maximum, [&] { return id(); });
    maybe(p.maximum_packet_size, [&] { return number() | 1U; });
    maybe(p.topic_alias_maximum, [&] { return id(); });
    maybe(p.request_problem_information, [&] { return coin(); });
    maybe(p.request_response_information, [&] { return coin(); });
    maybe(p.authentication_method, [&] { return text(); });
    if (p.authentication_method) maybe(p.authentication_data, [&] { return bytes(); });
    p.user = user();
    if (coin()) {
      Will& w = c.will.emplace();
      w.qos = static_cast<QoS>(below(3));
      w.retain = coin();
      w.topic = topic();
      w.payload = bytes();
      maybe(w.properties.will_delay_interval_s, [&] { return number(); });
      maybe(w.properties.payload_is_utf8, [&] { return coin(); });
      maybe(w.properties.message_expiry_interval_s, [&] { return number(); });
      maybe(w.properties.content_type, [&] { return text(); });
      maybe(w.properties.response_topic, [&] { return topic(); });
      maybe(w.properties.correlation_data, [&] { return bytes(); });
      w.properties.user = user();
    }
    if (coin()) c.user_name = text();
    if (c.user_name || v5()) {
      if (coin()) c.password = bytes();
    }
    return c;
  }
  Connack connack() {
    Connack c;
    if (coin()) {
      c.session_present = true;
    } else {
      c.reason = coin() ? Reason::not_authorized : Reason::success;
    }
    auto& p = c.properties;
    maybe(p.maximum_qos, [&] { return below(2); });
    maybe(p.server_keep_alive_s, [&] { return id(); });
    maybe(p.assigned_client_identifier, [&] { return text(); });
    maybe(p.shared_subscription_available, [&] { return coin(); });
    maybe(p.server_reference, [&] { return text(); });
    p.user = user();
    return c;
  }
  Publish publish() {
    Publish p;
    p.qos = static_cast<QoS>(below(3));
    p.retain = coin();
    if (p.qos != QoS::at_most_once) {
      p.dup = coin();
      p.packet_id = id();
    }
    maybe(p.properties.topic_alias, [&] { return id(); });
    p.topic = p.properties.topic_alias && coin() ? "" : topic();
    maybe(p.properties.payload_is_utf8, [&] { return coin(); });
    maybe(p.properties.message_expiry_interval_s, [&] { return number(); });
    maybe(p.properties.response_topic, [&] { return topic(); });
    maybe(p.properties.correlation_data, [&] { return bytes(); });
    maybe(p.properties.content_type, [&] { return text(); });
    p.properties.user = user();
    p.payload = bytes();
    return p;
  }
  Subscribe subscribe() {
    Subscribe s;
    s.packet_id = id();
    maybe(s.properties.subscription_id, [&] { return 1 + below(variable_max); });
    s.properties.user = user();
    for (unsigned n = 1 + below(4); n > 0; --n) {
      Subscription one{filter(), static_cast<QoS>(below(3)), false, false, RetainHandling::send};
      if (v5()) {
        one.no_local = one.filter[0] != '$' && coin();
        one.retain_as_published = coin();
        one.retain_handling = static_cast<RetainHandling>(below(3));
      }
      s.subscriptions.push_back(one);
    }
    return s;
  }
  Unsubscribe unsubscribe() {
    Unsubscribe u;
    u.packet_id = id();
    u.properties.user = user();
    for (unsigned n = 1 + below(4); n > 0; --n) u.filters.push_back(filter());
    return u;
  }
  Disconnect disconnect() {
    Disconnect d;
    if (v5() && coin()) d.reason = Reason::unspecified_error;
    maybe(d.properties.session_expiry_interval_s, [&] { return number(); });
    maybe(d.properties.reason_string, [&] { return text(); });
    d.properties.user = user();
    return d;
  }
  Auth auth() {
    Auth a;
    a.reason = Reason::continue_authentication;
    a.properties.authentication_method = text();
    maybe(a.properties.authentication_data, [&] { return bytes(); });
    maybe(a.properties.reason_string, [&] { return text(); });
    a.properties.user = user();
    return a;
  }

  std::mt19937_64 random_;
  Version version_;
  std::vector<std::unique_ptr<std::string>> kept_;
};

bool from_client_side(PacketType type) {
  switch (type) {
    case PacketType::connack:
    case PacketType::suback:
    case PacketType::unsuback:
    case PacketType::pingresp:
      return false;
    default:
      return true;
  }
}

TEST(RandomPackets, ComeBackAsTheyWere) {
  const Limits limits;
  for (unsigned seed = 0; seed < 300; ++seed) {
    for (const Version version : {v311, v5}) {
      Maker maker(seed, version);
      for (unsigned number = 1; number <= (version == v5 ? 15U : 14U); ++number) {
        const auto type = static_cast<PacketType>(number);
        const Packet made = maker.packet(type);
        ASSERT_EQ(type_of(made), type);
        const std::string bytes = encoded(made, version);
        const Read got = read(version, from_client_side(type) ? Sender::client : Sender::server, bytes);
        ASSERT_TRUE(got.whole) << to_string(type) << " seed " << seed << ": " << got.violation.value_or(Violation{}).text;
        ASSERT_EQ(got.packet, made) << to_string(type) << " seed " << seed;
        ASSERT_EQ(encoded(got.packet, version), bytes);
      }
    }
  }
}

}  // namespace
}  // namespace parley::mqtt::tests
