#include "broker/protocol/mqtt/publication.h"

#include <limits>

#include "broker/protocol/mqtt/decode_properties.h"
#include "broker/protocol/mqtt/output.h"

namespace parley::mqtt {

namespace {

constexpr unsigned format = 1;

template <typename Sink>
void put(Sink& sink, const Publication& publication, const PublishProperties& properties) {
  sink.byte(format);
  sink.byte(static_cast<unsigned>(publication.qos) | (publication.retain ? 4U : 0U));
  sink.text(publication.client_id);
  put_properties(sink, properties);
}

// What was taken from a client is within the limits that held then; what is stored is taken whatever they are now.
constexpr Limits no_limits{packet_bytes_most, packet_bytes_most, text_bytes_max, std::numeric_limits<std::size_t>::max(),
                           std::numeric_limits<std::size_t>::max()};

}  // namespace

std::string encode_publication(const Publication& publication) {
  PublishProperties properties = publication.properties;
  properties.topic_alias.reset();
  properties.subscription_ids.clear();
  Counter counter;
  put(counter, publication, properties);
  std::string out(counter.size(), '\0');
  Writer writer(out.data());
  put(writer, publication, properties);
  return out;
}

std::optional<Publication> decode_publication(std::string_view bytes) {
  Input in(bytes);
  if (in.byte() != format) return std::nullopt;
  Publication out;
  const unsigned flags = in.byte();
  out.qos = static_cast<QoS>(flags & 3U);
  out.retain = (flags & 4U) != 0;
  out.client_id = in.text();
  read_properties(in, no_limits, out.properties);
  if (!in.ok() || (flags & 3U) == 3) return std::nullopt;
  return out;
}

}  // namespace parley::mqtt
