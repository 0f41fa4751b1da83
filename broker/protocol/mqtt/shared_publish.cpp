#include "broker/protocol/mqtt/shared_publish.h"

#include "broker/protocol/mqtt/output.h"

namespace parley::mqtt {

namespace {

template <typename Sink>
void put_common(Sink& sink, const PublishProperties& properties) {
  PropertyWriter<Sink> writer(sink);
  visit_common_properties(properties, writer, &properties);
}

template <typename Sink>
void put_own(Sink& sink, const PublishTo& to) {
  PropertyWriter<Sink> writer(sink);
  writer.four(PropertyId::message_expiry_interval, to.message_expiry_interval_s);
  writer.two(PropertyId::topic_alias, to.topic_alias);
  writer.variable(PropertyId::subscription_identifier, to.subscription_ids);
}

}  // namespace

SharedPublish::SharedPublish(Version version, std::string_view topic, const PublishProperties& properties,
                             std::string_view payload)
    : version_(version), tail_properties_(0), topic_(topic) {
  Counter counter;
  if (version == Version::v5) put_common(counter, properties);
  tail_properties_ = static_cast<std::uint32_t>(counter.size());
  tail_ = Frame::uninitialized(tail_properties_ + payload.size());
  Writer writer(tail_.data_for_writing());
  if (version == Version::v5) put_common(writer, properties);
  writer.raw(payload);
}

SharedPublish::Sizes SharedPublish::sizes(const PublishTo& to) const {
  Sizes sizes;
  sizes.body = 2 + (to.topic_by_alias && version_ == Version::v5 ? 0 : topic_.size()) + tail_.size();
  if (to.qos != QoS::at_most_once) sizes.body += 2;
  if (version_ == Version::v5) {
    Counter own;
    put_own(own, to);
    sizes.properties = own.size() + tail_properties_;
    sizes.body += variable_size(static_cast<std::uint32_t>(sizes.properties)) + own.size();
  }
  return sizes;
}

std::size_t SharedPublish::size(const PublishTo& to) const {
  const std::size_t body = sizes(to).body;
  return body > variable_max ? body + 5 : 1 + variable_size(static_cast<std::uint32_t>(body)) + body;
}

std::size_t SharedPublish::append_head(std::string& out, const PublishTo& to) const {
  const Sizes bytes = sizes(to);
  const std::size_t before = out.size();
  const std::size_t head = 1 + variable_size(static_cast<std::uint32_t>(bytes.body)) + bytes.body - tail_.size();
  out.resize(before + head);
  Writer writer(out.data() + before);
  writer.byte(static_cast<unsigned>(PacketType::publish) << 4U | (to.dup ? 8U : 0U) | static_cast<unsigned>(to.qos) << 1U |
              (to.retain ? 1U : 0U));
  writer.variable(static_cast<std::uint32_t>(bytes.body));
  writer.text(to.topic_by_alias && version_ == Version::v5 ? std::string_view() : std::string_view(topic_));
  std::size_t position = 0;
  if (to.qos != QoS::at_most_once) {
    position = static_cast<std::size_t>(writer.at() - out.data());
    writer.two(to.packet_id);
  }
  if (version_ == Version::v5) {
    writer.variable(static_cast<std::uint32_t>(bytes.properties));
    put_own(writer, to);
  }
  return position;
}

}  // namespace parley::mqtt
