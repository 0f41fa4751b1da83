// The MQTT codec under any bytes: no crash, the same packets however the bytes are cut, and what was taken is written and read
// back as it was. The first byte chooses who speaks, which version, and the size of the pieces.

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "broker/protocol/mqtt/encode.h"
#include "broker/protocol/mqtt/packet_reader.h"
#include "broker/protocol/mqtt/shared_publish.h"
#include "broker/protocol/mqtt/topic_syntax.h"

namespace {

using namespace parley;
using namespace parley::mqtt;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

PacketReader reader_for(unsigned choice, const Limits& limits) {
  if ((choice & 1U) == 0) return PacketReader(limits);
  return PacketReader(limits, (choice & 2U) == 0 ? Version::v311 : Version::v5);
}

Version version_of(const PacketReader& reader) { return reader.version().value_or(Version::v311); }

// A publication reaches a receiver as it came, also through the shared form.
void check_shared(const Publish& publish, Version version, const std::string& whole) {
  if (publish.topic.empty()) return;
  const SharedPublish shared(version, publish.topic, publish.properties, publish.payload);
  const PublishTo to{publish.qos,
                     publish.dup,
                     publish.retain,
                     publish.packet_id,
                     publish.properties.subscription_ids,
                     publish.properties.message_expiry_interval_s,
                     publish.properties.topic_alias,
                     false};
  std::string out;
  shared.append(out, to);
  require(out.size() == shared.size(to), "the size of a shared publication");
  require(out == whole, "a shared publication is the packet");
}

void check_packet(const Packet& packet, Version version, unsigned choice, const Limits& limits) {
  const Receiver receiver{version, packet_bytes_most, true};
  std::string bytes;
  require(append(bytes, packet, receiver), "what was read can be written");
  require(bytes == encode(packet, receiver).bytes(), "append and encode agree");
  Packet again;
  const Connection connection{version, (choice & 1U) == 0 ? Sender::client : Sender::server};
  std::size_t header = 2;
  while ((static_cast<unsigned char>(bytes[header - 1]) & 0x80U) != 0) ++header;
  require(!decode(static_cast<std::uint8_t>(bytes[0]), std::string_view(bytes).substr(header), connection, limits, again),
          "what was written can be read");
  require(again == packet, "what was read again is the same");
  std::string twice;
  require(append(twice, again, receiver) && twice == bytes, "and is written the same");
  if (const auto* publish = std::get_if<Publish>(&packet)) check_shared(*publish, version, bytes);
  if (const auto* subscribe = std::get_if<Subscribe>(&packet)) {
    for (const Subscription& subscription : subscribe->subscriptions) {
      require(is_topic_filter(subscription.filter), "a filter that was taken is one");
    }
  }
}

std::vector<std::string> run(std::string_view bytes, std::size_t piece, unsigned choice, bool check) {
  Limits limits;
  limits.packet_bytes_max = 4096;
  limits.connect_bytes_max = 2048;
  limits.user_properties_max = 16;
  limits.filters_max = 16;
  PacketReader reader = reader_for(choice, limits);
  std::vector<std::string> seen;
  Packet packet;
  Violation violation;
  while (!bytes.empty()) {
    const std::string chunk(bytes.substr(0, piece));
    bytes.remove_prefix(chunk.size());
    std::string_view input = chunk;
    for (;;) {
      const PacketReader::Step step = reader.next(input, packet, violation);
      if (step == PacketReader::Step::need_more) break;
      if (step == PacketReader::Step::violation) {
        require(is_error(violation.reason) && !violation.text.empty(), "a violation says why");
        std::string farewell;
        append_farewell(farewell, violation, (choice & 4U) != 0);
        require(farewell.empty() == (violation.carrier == Carrier::none), "a farewell where there is a carrier");
        seen.push_back("violation " + std::string(violation.text) + farewell);
        return seen;
      }
      seen.emplace_back();
      append(seen.back(), packet, {version_of(reader), packet_bytes_most, true});
      if (check) check_packet(packet, version_of(reader), choice, limits);
    }
    require(input.empty(), "all is taken when more is needed");
  }
  return seen;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 16'384) return 0;
  const unsigned choice = data[0];
  const std::size_t piece = 2 + (choice >> 3U);
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::vector<std::string> whole = run(bytes, size, choice, true);
  require(whole == run(bytes, piece, choice, false), "the same packets in pieces");
  require(whole == run(bytes, 1, choice, false), "the same packets byte by byte");
  return 0;
}
