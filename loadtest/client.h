#pragma once

// One client of a broker, whatever it speaks: it connects, subscribes to what it was told to, publishes, and after a break takes
// up where it was. What arrives is handed on unjudged; the ledger judges.
//
// Threads: the loop's.

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/protocol/mqtt/types.h"
#include "loadtest/link.h"
#include "loadtest/url.h"

namespace parley::loadtest {

struct ClientSettings {
  Protocol protocol = Protocol::native;
  mqtt::Version version = mqtt::Version::v311;
  // Of publishing and of subscribing. Native: at_most_once sends signals, at_least_once publishes.
  mqtt::QoS qos = mqtt::QoS::at_most_once;
  bool persistent = false;  // MQTT: a session that outlives its connection
  std::size_t payload_bytes = 128;
  std::uint32_t run = 0;
  std::uint32_t publish_window = 0;  // MQTT: publishes on their way without an answer, of one client; 0: what the broker says
  std::string token;                 // native
  std::string user;                  // MQTT
  std::string password;

  // Whether the broker answers a publish.
  bool acknowledged() const { return protocol != Protocol::socketio && qos != mqtt::QoS::at_most_once; }
};

// A message on its way out.
struct Outgoing {
  std::uint32_t stream = 0;
  std::uint32_t number = 0;
  std::int64_t sent_ns = 0;  // when it was meant to be sent
  std::string_view room;     // lives as long as the run
};

// What a subscriber was sent.
struct Arrival {
  std::string_view room;
  std::string_view payload;
  std::uint64_t seq = 0;    // of the room's log; 0 where the protocol has none
  bool entry_only = false;  // an entry of the log that is no message: only its number counts
  bool repeated = false;    // marked as possibly sent before (MQTT's DUP)
};

class Client;

class ClientEvents {
 public:
  virtual ~ClientEvents() = default;
  // Connected, and every subscription confirmed.
  virtual void on_up(Client& client) = 0;
  virtual void on_arrival(Client& client, const Arrival& arrival) = 0;
  // seq: 0 where the protocol gives none.
  virtual void on_acked(Client& client, const Outgoing& message, std::uint64_t seq) = 0;
  // The broker refused it for good.
  virtual void on_refused(Client& client, const Outgoing& message, std::string_view why) = 0;
  // Messages of that stream from that number on were on their way when the connection broke, and nobody can say whether the
  // broker has them: they may be missing, or (sent again) come twice.
  virtual void on_in_doubt(Client& client, std::uint32_t stream, std::uint32_t first, bool sent_again) = 0;
  // The broker did what its protocol forbids.
  virtual void on_wrong(Client& client, std::string_view what) = 0;
  // The broker said that what lies between cannot be had any more.
  virtual void on_gap(Client& client, std::string_view room, std::string_view what) = 0;
  // after_ms: what the server asked to wait before coming back; 0 where it asked nothing.
  virtual void on_down(Client& client, const std::string& reason, std::int64_t after_ms) = 0;
};

class Client : protected Link::Events {
 public:
  Client(const ClientSettings& settings, LinkTurn& turn, ClientEvents& events, std::uint32_t index)
      : settings_(settings), events_(events), link_(turn, *this), index_(index) {}
  ~Client() override = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  std::uint32_t index() const { return index_; }
  // A room's name, or an MQTT filter. Before the first open().
  virtual void add_subscription(std::string filter) = 0;
  void open(const LinkTarget& target) { link_.open(target); }
  bool is_up() const { return up_; }
  bool is_down() const { return link_.is_idle(); }
  // Breaks the connection off; on_down is not called.
  void drop();
  // Does not read any more until resume_reading().
  void pause_reading() { link_.pause(); }
  void resume_reading() { link_.resume(); }

  // Sent at once, or when the connection is up and the broker takes it.
  void publish(const Outgoing& message);
  // Published and not acknowledged.
  std::size_t unacked() const { return unacked_.size(); }

 protected:
  // What a protocol does.
  virtual void send_publish(const Outgoing& message, bool again) = 0;
  virtual bool acknowledges() const = 0;    // whether a publish is answered
  virtual bool retries_safely() const = 0;  // whether the broker knows a publish that is sent again
  virtual void forget_connection() = 0;

  // For protocols.
  void up();
  void down(const std::string& reason, std::int64_t after_ms = 0);
  // The oldest unacknowledged one was acknowledged, refused for good, or is to be sent again.
  void acked(std::uint64_t seq);
  void refused(std::string_view why);
  void set_window(std::size_t window) { window_ = window; }
  const std::deque<Outgoing>& waiting() const { return unacked_; }
  std::size_t sent() const { return sent_; }
  void append_body(std::string& out, const Outgoing& message) const;

  const ClientSettings& settings_;
  ClientEvents& events_;
  Link link_;

 private:
  void on_closed(const std::string& reason) final { down(reason); }
  void send_waiting();
  void note_doubt();

  std::deque<Outgoing> unacked_;  // in the order of publishing
  std::size_t sent_ = 0;          // of them, on this connection
  std::size_t sent_before_ = 0;   // of them, on an earlier one
  std::size_t window_ = 65'535;
  std::vector<std::pair<std::uint32_t, std::uint32_t>>
      last_sent_;  // without acknowledgements: stream, first number of this connection
  std::uint32_t index_;
  bool up_ = false;
};

// The client for these settings' protocol.
std::unique_ptr<Client> make_client(const ClientSettings& settings, LinkTurn& turn, ClientEvents& events, std::uint32_t index);
// The subprotocol that a WebSocket of that protocol asks for.
std::string subprotocol_of(Protocol protocol);

}  // namespace parley::loadtest
