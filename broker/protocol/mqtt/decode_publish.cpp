// PUBLISH and its acknowledgements (MQTT 5 §3.3 to §3.7).

#include "broker/protocol/mqtt/decode_parts.h"
#include "broker/protocol/mqtt/decode_properties.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace parley::mqtt {

namespace {

void check_publish_properties(Input& in, const DecodeContext& context, const PublishProperties& properties) {
  if (properties.topic_alias == 0) in.fail(Reason::topic_alias_invalid, "a topic alias is zero");
  if (context.from_client() && !properties.subscription_ids.empty()) {
    in.fail(Reason::protocol_error, "a client's PUBLISH has a subscription identifier");
  }
}

void check_topic(Input& in, const DecodeContext& context, const Publish& publish) {
  if (publish.topic.empty()) {
    if (!context.v5()) return in.malformed("the topic is empty");
    if (!publish.properties.topic_alias) in.fail(Reason::protocol_error, "the topic is empty and there is no alias");
  } else if (!is_topic_name(publish.topic)) {
    in.fail(Reason::topic_name_invalid, "the topic has a wildcard");
  }
}

}  // namespace

void decode_publish(Input& in, const DecodeContext& context, std::uint8_t flags, Publish& out) {
  out.dup = (flags & 8U) != 0;
  out.qos = static_cast<QoS>((flags >> 1U) & 3U);
  out.retain = (flags & 1U) != 0;
  out.topic = in.text();
  if (out.qos != QoS::at_most_once) out.packet_id = in.packet_id();
  if (context.v5()) {
    read_properties(in, context.limits, out.properties);
    if (in.ok()) check_publish_properties(in, context, out.properties);
  }
  if (in.ok()) check_topic(in, context, out);
  out.payload = in.rest();
}

void decode_acknowledgement(Input& in, const DecodeContext& context, PacketType type, Acknowledgement& out) {
  out.packet_id = in.packet_id();
  // A reason of success and an empty list of properties may be left out (§3.4.2.1, §3.4.2.2.1).
  if (context.v5() && !in.empty()) {
    out.reason = read_reason(in, type, context.connection.sender);
    if (!in.empty()) read_properties(in, context.limits, out.properties);
  }
  in.expect_end();
}

}  // namespace parley::mqtt
