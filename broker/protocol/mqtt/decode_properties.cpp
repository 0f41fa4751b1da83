#include "broker/protocol/mqtt/decode_properties.h"

#include "broker/protocol/mqtt/property_fields.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

namespace {

// Visits a packet's fields with one property at hand and reads its value into the field that it belongs to.
class PropertyReader {
 public:
  PropertyReader(Input& in, std::size_t user_properties_max)
      : in_(in), user_properties_max_(user_properties_max), id_(in.variable()) {}

  bool found() const { return found_; }

  template <typename T>
  void flag(PropertyId id, std::optional<T>& field) {
    if (!is_first(id, field.has_value())) return;
    const std::uint8_t value = in_.byte();
    if (value > 1) return error("a property that is 0 or 1 has another value");
    field = static_cast<T>(value);
  }
  void two(PropertyId id, std::optional<std::uint16_t>& field) {
    if (is_first(id, field.has_value())) field = in_.two();
  }
  void four(PropertyId id, std::optional<std::uint32_t>& field) {
    if (is_first(id, field.has_value())) field = in_.four();
  }
  void positive(PropertyId id, std::optional<std::uint16_t>& field) {
    two(id, field);
    check_positive(id, field == 0);
  }
  void positive(PropertyId id, std::optional<std::uint32_t>& field) {
    four(id, field);
    check_positive(id, field == 0U);
  }
  void text(PropertyId id, Text& field) {
    if (is_first(id, field.has_value())) field = in_.text();
  }
  void topic(PropertyId id, Text& field) {
    text(id, field);
    if (is(id) && in_.ok() && !is_topic_name(*field)) error("a response topic is empty or has a wildcard");
  }
  void binary(PropertyId id, Binary& field) {
    if (is_first(id, field.has_value())) field = in_.binary();
  }
  void variable(PropertyId id, std::optional<std::uint32_t>& field) {
    if (is_first(id, field.has_value())) field = in_.variable();
    check_positive(id, field == 0U);
  }
  void variable(PropertyId id, std::vector<std::uint32_t>& field) {
    if (!is(id)) return;
    field.push_back(in_.variable());
    check_positive(id, field.back() == 0);
  }
  void user(UserProperties& field) {
    if (!is(PropertyId::user_property)) return;
    const std::string_view name = in_.text();
    field.push_back({name, in_.text()});
    if (field.size() > user_properties_max_) in_.fail(Reason::quota_exceeded, "there are too many user properties");
  }

 private:
  bool is(PropertyId id) {
    if (id_ != static_cast<std::uint32_t>(id)) return false;
    found_ = true;
    return true;
  }
  bool is_first(PropertyId id, bool had) {
    if (!is(id)) return false;
    if (had) error("a property that may occur once occurs twice");
    return !had;
  }
  void check_positive(PropertyId id, bool zero) {
    if (is(id) && zero) error("a property that may not be zero is");
  }
  void error(std::string_view text) { in_.fail(Reason::protocol_error, text); }

  Input& in_;
  std::size_t user_properties_max_;
  std::uint32_t id_;
  bool found_ = false;
};

template <typename P>
void read(Input& in, const Limits& limits, P& out) {
  Input part = in.part(in.variable());
  while (!part.empty()) {
    PropertyReader reader(part, limits.user_properties_max);
    visit_all(out, reader);
    if (!reader.found()) part.malformed("a property that this packet cannot have");
  }
  in.merge(part);
}

}  // namespace

void read_properties(Input& in, const Limits& limits, ConnectProperties& out) { read(in, limits, out); }
void read_properties(Input& in, const Limits& limits, WillProperties& out) { read(in, limits, out); }
void read_properties(Input& in, const Limits& limits, ConnackProperties& out) { read(in, limits, out); }
void read_properties(Input& in, const Limits& limits, PublishProperties& out) { read(in, limits, out); }
void read_properties(Input& in, const Limits& limits, AckProperties& out) { read(in, limits, out); }
void read_properties(Input& in, const Limits& limits, SubscribeProperties& out) { read(in, limits, out); }
void read_properties(Input& in, const Limits& limits, UnsubscribeProperties& out) { read(in, limits, out); }
void read_properties(Input& in, const Limits& limits, DisconnectProperties& out) { read(in, limits, out); }
void read_properties(Input& in, const Limits& limits, AuthProperties& out) { read(in, limits, out); }

}  // namespace parley::mqtt
