// SUBSCRIBE, SUBACK, UNSUBSCRIBE, UNSUBACK (MQTT 5 §3.8 to §3.11).

#include "broker/protocol/mqtt/decode_parts.h"
#include "broker/protocol/mqtt/decode_properties.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

namespace {

std::string_view read_filter(Input& in, Version version) {
  const std::string_view filter = in.text();
  if (!in.ok()) return {};
  SharedFilter shared;
  if (!is_topic_filter(filter)) {
    in.fail(Reason::topic_filter_invalid, "a topic filter is empty or has a wildcard where none may be");
  } else if (version == Version::v5 && is_shared(filter) && !parse_shared(filter, shared)) {
    in.fail(Reason::topic_filter_invalid, "a shared subscription needs a name without wildcards and a topic filter");
  }
  return filter;
}

// §3.8.3.1 of MQTT 5; the Requested QoS of §3.8.3 of 3.1.1.
void read_options(Input& in, Version version, Subscription& out) {
  const std::uint8_t options = in.byte();
  if ((options & (version == Version::v5 ? 0xc0U : 0xfcU)) != 0) return in.malformed("a reserved bit of the options is set");
  const unsigned retain_handling = (options >> 4U) & 3U;
  if ((options & 3U) == 3) {
    return in.fail(version == Version::v5 ? Reason::protocol_error : Reason::malformed_packet, "the requested QoS is 3");
  }
  if (retain_handling == 3) return in.fail(Reason::protocol_error, "the retain handling is 3");
  out.qos = static_cast<QoS>(options & 3U);
  out.no_local = (options & 4U) != 0;
  out.retain_as_published = (options & 8U) != 0;
  out.retain_handling = static_cast<RetainHandling>(retain_handling);
  if (out.no_local && is_shared(out.filter)) in.fail(Reason::protocol_error, "a shared subscription is marked no local");
}

bool too_many(Input& in, std::size_t count, const Limits& limits) {
  if (count <= limits.filters_max) return false;
  in.fail(Reason::quota_exceeded, "there are too many topic filters in one packet");
  return true;
}

}  // namespace

void decode_subscribe(Input& in, const DecodeContext& context, Subscribe& out) {
  out.packet_id = in.packet_id();
  if (context.v5()) read_properties(in, context.limits, out.properties);
  if (in.ok() && in.empty()) in.fail(Reason::protocol_error, "there is no topic filter");
  while (!in.empty()) {
    Subscription& subscription = out.subscriptions.emplace_back();
    if (too_many(in, out.subscriptions.size(), context.limits)) return;
    subscription.filter = read_filter(in, context.connection.version);
    read_options(in, context.connection.version, subscription);
  }
}

void decode_suback(Input& in, const DecodeContext& context, Suback& out) {
  out.packet_id = in.packet_id();
  if (context.v5()) read_properties(in, context.limits, out.properties);
  if (in.ok() && in.empty()) in.fail(Reason::protocol_error, "there is no reason code");
  while (!in.empty()) {
    const Reason reason = read_reason(in, PacketType::suback, context.connection.sender);
    if (!context.v5() && is_error(reason) && reason != Reason::unspecified_error) {
      return in.fail(Reason::protocol_error, "a return code is reserved");
    }
    out.reasons.push_back(reason);
  }
}

void decode_unsubscribe(Input& in, const DecodeContext& context, Unsubscribe& out) {
  out.packet_id = in.packet_id();
  if (context.v5()) read_properties(in, context.limits, out.properties);
  if (in.ok() && in.empty()) in.fail(Reason::protocol_error, "there is no topic filter");
  while (!in.empty()) {
    out.filters.push_back(read_filter(in, context.connection.version));
    if (too_many(in, out.filters.size(), context.limits)) return;
  }
}

void decode_unsuback(Input& in, const DecodeContext& context, Unsuback& out) {
  out.packet_id = in.packet_id();
  if (!context.v5()) return in.expect_end();
  read_properties(in, context.limits, out.properties);
  if (in.ok() && in.empty()) in.fail(Reason::protocol_error, "there is no reason code");
  while (!in.empty()) out.reasons.push_back(read_reason(in, PacketType::unsuback, context.connection.sender));
}

}  // namespace parley::mqtt
