#pragma once

// Which properties each packet may have, and the field, data type and range of each: the one list that decoding, encoding and
// sizes are made from (MQTT 5 §2.2.2.2 and the sections named in properties.h). The visitor's functions are the data types:
//   flag     a byte that is 0 or 1           two, four   integers, big-endian
//   text     UTF-8                           positive    the same, not 0
//   topic    UTF-8 that is a topic name      variable    a variable byte integer, not 0; once, or any number of times
//   binary   bytes                           user        name and value, any number of times
// Internal to the codec.

#include "broker/protocol/mqtt/properties.h"

namespace parley::mqtt {

template <typename V>
void visit_properties(auto& p, V& visit, const ConnectProperties*) {
  using enum PropertyId;
  visit.four(session_expiry_interval, p.session_expiry_interval_s);
  visit.positive(receive_maximum, p.receive_maximum);
  visit.positive(maximum_packet_size, p.maximum_packet_size);
  visit.two(topic_alias_maximum, p.topic_alias_maximum);
  visit.flag(request_response_information, p.request_response_information);
  visit.flag(request_problem_information, p.request_problem_information);
  visit.text(authentication_method, p.authentication_method);
  visit.binary(authentication_data, p.authentication_data);
  visit.user(p.user);
}

template <typename V>
void visit_properties(auto& p, V& visit, const WillProperties*) {
  using enum PropertyId;
  visit.four(will_delay_interval, p.will_delay_interval_s);
  visit.flag(payload_format_indicator, p.payload_is_utf8);
  visit.four(message_expiry_interval, p.message_expiry_interval_s);
  visit.text(content_type, p.content_type);
  visit.topic(response_topic, p.response_topic);
  visit.binary(correlation_data, p.correlation_data);
  visit.user(p.user);
}

template <typename V>
void visit_properties(auto& p, V& visit, const ConnackProperties*) {
  using enum PropertyId;
  visit.four(session_expiry_interval, p.session_expiry_interval_s);
  visit.positive(receive_maximum, p.receive_maximum);
  visit.flag(maximum_qos, p.maximum_qos);
  visit.flag(retain_available, p.retain_available);
  visit.positive(maximum_packet_size, p.maximum_packet_size);
  visit.text(assigned_client_identifier, p.assigned_client_identifier);
  visit.two(topic_alias_maximum, p.topic_alias_maximum);
  visit.text(reason_string, p.reason_string);
  visit.flag(wildcard_subscription_available, p.wildcard_subscription_available);
  visit.flag(subscription_identifier_available, p.subscription_identifier_available);
  visit.flag(shared_subscription_available, p.shared_subscription_available);
  visit.two(server_keep_alive, p.server_keep_alive_s);
  visit.text(response_information, p.response_information);
  visit.text(server_reference, p.server_reference);
  visit.text(authentication_method, p.authentication_method);
  visit.binary(authentication_data, p.authentication_data);
  visit.user(p.user);
}

// What is the same for every receiver of a publication; the rest of PublishProperties is put in for each (shared_publish.h).
template <typename V>
void visit_common_properties(auto& p, V& visit, const PublishProperties*) {
  using enum PropertyId;
  visit.flag(payload_format_indicator, p.payload_is_utf8);
  visit.topic(response_topic, p.response_topic);
  visit.binary(correlation_data, p.correlation_data);
  visit.text(content_type, p.content_type);
  visit.user(p.user);
}

template <typename V>
void visit_properties(auto& p, V& visit, const PublishProperties* type) {
  using enum PropertyId;
  visit.four(message_expiry_interval, p.message_expiry_interval_s);
  visit.two(topic_alias, p.topic_alias);
  visit.variable(subscription_identifier, p.subscription_ids);
  visit_common_properties(p, visit, type);
}

template <typename V>
void visit_properties(auto& p, V& visit, const AckProperties*) {
  visit.text(PropertyId::reason_string, p.reason_string);
  visit.user(p.user);
}

template <typename V>
void visit_properties(auto& p, V& visit, const SubscribeProperties*) {
  visit.variable(PropertyId::subscription_identifier, p.subscription_id);
  visit.user(p.user);
}

template <typename V>
void visit_properties(auto& p, V& visit, const UnsubscribeProperties*) {
  visit.user(p.user);
}

template <typename V>
void visit_properties(auto& p, V& visit, const DisconnectProperties*) {
  using enum PropertyId;
  visit.four(session_expiry_interval, p.session_expiry_interval_s);
  visit.text(reason_string, p.reason_string);
  visit.text(server_reference, p.server_reference);
  visit.user(p.user);
}

template <typename V>
void visit_properties(auto& p, V& visit, const AuthProperties*) {
  using enum PropertyId;
  visit.text(authentication_method, p.authentication_method);
  visit.binary(authentication_data, p.authentication_data);
  visit.text(reason_string, p.reason_string);
  visit.user(p.user);
}

// `properties` may be const: the visitor then reads.
template <typename P, typename V>
void visit_all(P& properties, V& visit) {
  visit_properties(properties, visit, static_cast<const P*>(nullptr));
}

}  // namespace parley::mqtt
