// Bytes in and out: WebSocket frames, MQTT packets, native commands and events, JSON, the envelope between replicas. Payloads
// have 128 bytes.

#include "broker/core/mqtt/message.h"
#include "broker/protocol/envelope.h"
#include "broker/protocol/json.h"
#include "broker/protocol/mqtt/encode.h"
#include "broker/protocol/mqtt/packet_reader.h"
#include "broker/protocol/mqtt/shared_publish.h"
#include "broker/protocol/native_command.h"
#include "broker/protocol/native_event.h"
#include "broker/protocol/websocket_reader.h"
#include "broker/protocol/websocket_writer.h"
#include "tests/bench/core_cases.h"

namespace parley::bench {

namespace {

const std::string payload(128, 'x');
const std::string command = R"({"op":"publish","id":3,"room":"general","cid":"0123456789","body":{"text":")" + payload + "\"}}";

struct NoEvents final : websocket::Events {
  void on_message(websocket::Opcode, std::string_view text) override { bytes += text.size(); }
  void on_ping(std::string_view) override {}
  void on_pong(std::string_view) override {}
  void on_close(std::uint16_t, std::string_view) override {}
  void on_violation(std::uint16_t, std::string_view) override {}
  std::size_t bytes = 0;
};

std::string masked_frame(std::string_view text) {
  std::string frame = {'\x81', '\xfe', static_cast<char>(text.size() >> 8U), static_cast<char>(text.size() & 0xffU)};
  const std::string mask = "\x12\x34\x56\x78";
  frame += mask;
  for (std::size_t i = 0; i < text.size(); ++i) frame += static_cast<char>(text[i] ^ mask[i % 4]);
  return frame;
}

EntryPtr entry() {
  auto made = std::make_shared<Entry>();
  made->room = 1;
  made->seq = 1234;
  made->ts = 1'764'000'000'000;
  made->messages = 1200;
  made->user_id = "u_0123456789abcdefghij";
  made->user_name = "ada";
  made->body = "{\"text\":\"" + payload + "\"}";
  return made;
}

void read_mqtt(const std::string& bytes, const mqtt::Limits& limits) {
  mqtt::PacketReader reader(limits, mqtt::Version::v5);
  std::string_view rest = bytes;
  mqtt::Packet packet;
  mqtt::Violation violation;
  while (reader.next(rest, packet, violation) == mqtt::PacketReader::Step::packet) keep(packet);
}

}  // namespace

void add_codec_cases(std::vector<Case>& cases) {
  cases.push_back({"WebSocket: a text frame read", 1, [frame = masked_frame(command)] {
                     static websocket::ReaderPool pool;
                     static websocket::Reader reader(pool, 65536);
                     static NoEvents events;
                     reader.feed(frame, events);
                   }});
  cases.push_back({"WebSocket: a text frame written", 1, [] { keep(websocket::encode(websocket::Opcode::text, command)); }});
  cases.push_back({"native: a publish decoded", 1, [] { keep(native::decode(command, 65536)); }});
  cases.push_back({"native: an entry encoded", 1, [made = entry()] {
                     std::string out;
                     native::append_entry(out, *made, "general");
                     keep(out);
                   }});
  cases.push_back({"JSON: an object parsed", 1, [] { keep(json::Object::parse(command)); }});
  mqtt::Publish publish;
  publish.topic = "general";
  publish.payload = payload;
  static const std::string packet{mqtt::encode(publish, {}).bytes()};
  static const mqtt::Limits limits;
  cases.push_back({"MQTT: a PUBLISH read", 1, [] { read_mqtt(packet, limits); }});
  cases.push_back({"MQTT: a PUBLISH shared by its receivers, encoded", 1, [made = entry()] {
                     mqtt::Message message(made, "general");
                     keep(message.plain(mqtt::Version::v5));
                   }});
  cases.push_back({"MQTT: the head of one receiver's PUBLISH", 1, [] {
                     static const mqtt::SharedPublish shared(mqtt::Version::v5, "general", {}, payload);
                     std::string out;
                     mqtt::PublishTo to;
                     to.qos = mqtt::QoS::at_least_once;
                     to.packet_id = 7;
                     shared.append_head(out, to);
                     keep(out);
                   }});
  envelope::Message message{"replica-1", "epoch-1", envelope::Entries{1, {entry()}}};
  cases.push_back({"envelope: an entry encoded", 1, [message] { keep(envelope::encode(message)); }});
  cases.push_back({"envelope: an entry decoded", 1, [bytes = envelope::encode(message)] { keep(envelope::decode(bytes)); }});
}

}  // namespace parley::bench
