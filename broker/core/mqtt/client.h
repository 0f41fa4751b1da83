#pragma once

// One MQTT connection: packets in and out, CONNECT, keep-alive, publishes and their acknowledgements. What outlives the
// connection is its Session.
//
// Threads: its worker's. The server feeds it bytes as they come and tells it when the connection drains, ticks and ends.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "broker/core/ack_queue.h"
#include "broker/core/mqtt/exchange.h"
#include "broker/core/transport.h"
#include "broker/protocol/mqtt/encode.h"
#include "broker/protocol/mqtt/packet_reader.h"
#include "broker/protocol/mqtt/topic_aliases.h"

namespace parley::mqtt {

class Client {
 public:
  // `peer`: the client's address.
  Client(Exchange& exchange, Transport& transport, std::string_view peer);
  // The connection is gone.
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void on_bytes(std::string_view bytes);
  void on_drained();
  // About every 250 ms.
  void on_tick();
  // The server stops: what is under way is answered, nothing new is taken.
  void drain();
  // Whether no publish waits for its answer.
  bool settled() const { return publishes_ == 0; }

  // Says why, where the version can, and closes. Not within a call of the session.
  void end(Reason reason, std::string_view text);
  // The same, at the end of what is going on.
  void end_later(Reason reason, std::string_view text);

  // ---- for the session
  // Whether what came last, and all that follows it, stands behind publishes that are not answered yet.
  bool behind_publishes() const { return behind_publishes_; }
  Version version() const { return receiver_.version; }
  std::size_t packet_bytes_max() const { return receiver_.packet_bytes_max; }
  unsigned inflight_max() const { return inflight_max_; }
  bool wants_meta() const { return meta_; }
  bool congested() const { return transport_.congested(); }
  void send(const Packet& packet);
  // Packets of that type, whole.
  void send_frame(PacketType type, const Frame& frame, unsigned packets = 1);
  // For send_bytes, and counted.
  std::string encoded(const Packet& packet) const;
  // Whole packets, counted already.
  void send_bytes(std::string_view bytes) { transport_.send(Frame::copy_of(bytes)); }
  // Topic aliases towards the client (MQTT 5 §3.3.2.3.4).
  bool uses_aliases() const { return alias_max_ != 0; }
  void choose_alias(const std::string& topic, PublishTo& to) const;
  // The packet that `to` describes is sent: the client knows its alias from now on.
  void alias_sent(const std::string& topic, const PublishTo& to);

 private:
  enum class Stage : unsigned char { connecting, logging_in, arriving, connected, closed };

  // client.cpp
  void read(std::string_view bytes);
  void handle(Packet& packet);
  bool holds_input() const;
  void hold(std::string_view bytes);
  void read_held();
  void violated(const Violation& violation);
  void lost();
  void on(const Disconnect& packet);
  void update_reading();

  // client_connect.cpp
  void on(const Connect& packet);
  void read_properties(const Connect& packet);
  void log_in(const Connect& packet);
  void logged_in(Result<SubjectPtr> subject);
  void arrive();
  void arrived(Result<Welcome> welcome);
  void refuse(Reason reason, std::string_view text);
  Connack connack(bool present) const;
  WillMessage read_will(const Will& will) const;

  // client_publish.cpp
  void go_on_behind_publishes();
  void on(Publish& packet);
  void on(const Pubrel& packet);
  void on(const Subscribe& packet);
  Reason check(const Publish& packet) const;
  void publish(const Publish& packet);
  void published(std::uint16_t packet_id, QoS qos, AckQueue::Ticket ticket, MonoMs began, const Result<Appended>& result);
  void acknowledge(QoS qos, AckQueue::Ticket ticket, std::uint16_t packet_id, Reason reason, std::string_view text);
  void forget_received(std::uint16_t packet_id);
  std::string encode_ack(const Packet& packet) const;
  void flush(AckQueue& acks, PacketType type);

  // In the order of their sizes: there is one for each connection.
  Exchange& exchange_;
  Transport& transport_;
  SlotId id_;
  PacketReader reader_;
  MonoMs last_packet_;
  std::unique_ptr<std::string> held_;  // bytes behind a CONNECT that is not answered yet, or behind publishes
  std::unique_ptr<WillMessage> will_;
  // What is with the session once it is there, or of no use then.
  struct Newcomer {
    SharedText peer;  // until the login is checked
    MonoMs opened = 0;
    SharedText client_id;
    bool assigned = false;
    bool clean_start = false;
  };
  std::unique_ptr<Newcomer> newcomer_;  // until CONNACK
  SubjectPtr subject_;                  // of this connection; a guest's session may be an earlier guest's
  UnixMs login_expires_ = 0;            // 0: never
  Session* session_ = nullptr;
  std::uint64_t generation_ = 0;

  // Publishes. Who only listens has none of it.
  struct Publishing {
    explicit Publishing(std::uint16_t aliases_max) : aliases(aliases_max) {}
    TopicAliases aliases;
    AckQueue pubacks;
    AckQueue pubrecs;
    std::unordered_set<std::uint16_t> receiving;  // QoS 2 publishes whose commit is awaited
    std::uint16_t released = 0;                   // the one of them whose PUBREL has come already; 0: none
  };
  Publishing& publishing();
  std::unique_ptr<Publishing> publishing_;
  using Aliases = std::unordered_map<std::string, std::uint16_t>;
  std::unique_ptr<Aliases> aliases_out_;

  Receiver receiver_{Version::v311, packet_bytes_most, false};
  std::uint32_t expiry_s_ = 0;
  unsigned publishes_ = 0;     // handed to the log and not answered
  unsigned unacked_ = 0;       // QoS 1 of them, for Receive Maximum
  std::uint16_t carried_ = 0;  // QoS 2 of earlier connections, which do not count there (MQTT 5 §4.9)
  std::uint16_t inflight_max_ = 0;
  std::uint16_t keep_alive_s_ = 0;
  std::uint16_t alias_max_ = 0;
  Stage stage_ = Stage::connecting;
  bool expiry_capped_ = false;
  bool keep_alive_set_ = false;
  bool meta_ = false;
  bool behind_publishes_ = false;
  bool paused_ = false;
  bool draining_ = false;
};
static_assert(sizeof(Client) <= 176, "one for each connection");

}  // namespace parley::mqtt
