#pragma once

// A session (MQTT 5 §4.1): subscriptions, a cursor in every room in which something has matched, and the messages under way. It
// outlives its connection for as long as the session expiry says; then it is handed to the registry.
//
// Threads: its worker's.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broker/base/lazy_map.h"
#include "broker/base/queue.h"
#include "broker/core/hub.h"
#include "broker/core/mqtt/filters.h"
#include "broker/core/mqtt/message.h"
#include "broker/core/mqtt/plain_runs.h"
#include "broker/core/mqtt/settings.h"
#include "broker/core/mqtt/subscription_list.h"
#include "broker/core/mqtt/window.h"
#include "storage/mqtt_store.h"

namespace parley::mqtt {

class Client;
class Exchange;

class Session final : public parley::Subscriber {
 public:
  Session(Exchange& exchange, SessionState&& state);
  ~Session() override;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Hub::SessionId id() const { return id_; }
  // Among the exchange's, which sets it.
  std::uint32_t place() const { return place_; }
  void set_place(std::uint32_t place) { place_ = place; }
  const SharedText& client_id() const { return is_.client_id; }

  // ---- its connection
  // CONNACK was sent: what was under way is sent again, then what came meanwhile.
  void bind(Client& client);
  // The connection is gone: no more is sent, and every position stands still.
  void unbind();
  bool bound() const { return client_ != nullptr; }
  // It is in storage (session_saved.cpp); id 0: it is not.
  SessionKey stored() const { return is_.stored; }
  // After unbind: what storage does not know yet.
  std::optional<SessionSave> take_save();
  // Those that are not shared.
  std::vector<std::string> filters() const;
  // After unbind. The session is of no more use.
  std::unique_ptr<SessionState> take_state();

  // ---- what the client says
  // They take effect, and are answered, one after the other.
  void subscribe(const Subscribe& packet);
  void unsubscribe(const Unsubscribe& packet);
  // The client's publishes that stood before what it said are answered.
  void go_on_with_jobs() { next_job(); }
  // False: the packet does not fit to what is under way, which is a protocol error.
  bool on_puback(std::uint16_t packet_id);
  bool on_pubrec(std::uint16_t packet_id, Reason reason);
  void on_pubcomp(std::uint16_t packet_id);
  // QoS 2 publishes whose PUBREL has not come.
  std::size_t received() const { return received_.size(); }
  bool has_received(std::uint16_t packet_id) const { return received_.contains(packet_id); }
  // It became an entry.
  void add_received(std::uint16_t packet_id);
  // It became no entry, and waits for PUBREL all the same.
  void hold_received(std::uint16_t packet_id);
  void on_pubrel(std::uint16_t packet_id);
  void on_drained();
  void on_tick();

  // ---- what the exchange says: `subscriptions` (their places here) match the room
  // Entries after `before` are about to be delivered; nothing: a message that is not kept has come.
  void wants(RoomId room, const std::string& name, std::optional<Seq> before, const std::vector<std::uint32_t>& subscriptions);
  // For a session that is just attaching to the room.
  void hold(const Run& run);
  void deliver_shared(const std::string& filter, const std::string& room, const EntryPtr& entry);
  // Rights changed: a room that was denied may be open now.
  void ask_again(RoomId room, const std::string& user_id);
  // A message that is in no room ($SYS).
  void deliver_loose(const EntryPtr& message, const std::string& name, const std::vector<std::uint32_t>& subscriptions,
                     bool retained);

  // Subscriber
  Allowance allowance(const Cursor& cursor) const override;
  void deliver(Cursor& cursor, const Delivery& delivery) override;
  void gap(Cursor& cursor, Seq from, Seq to) override;
  void signals(const Cursor&, const Frame&, unsigned) override {}
  bool messages(const Cursor& cursor, const Run& run) override;
  void held_back(Cursor& cursor) override;
  void detached(Cursor& cursor, const Error& why) override;
  const Subject& subject() const override { return *is_.subject; }
  void revoked() override;

 private:
  struct Joined {
    std::string name;
    Cursor* cursor = nullptr;
    bool attaching = false;
    bool denied = false;
    bool waiting = false;  // among waiting_
    unsigned serial = 0;   // of the attach under way
    std::optional<Seq> position;
    std::vector<Seq> skip;               // see Position
    Seq repeats = 0;                     // see Position
    std::vector<std::uint32_t> matched;  // places of subscriptions
    // Of all that match: [MQTT-3.3.5-1].
    QoS qos = QoS::at_most_once;
    bool retain_as_published = false;
    bool meta = false;
    bool some_no_local = false;
    std::vector<std::uint32_t> ids;
  };
  struct Wish {
    SubscriptionState state;
    RetainHandling retain_handling = RetainHandling::send;
    std::optional<Seq> since;
    Reason reason = Reason::success;
    bool existed = false;
  };
  struct Job {
    bool subscribing = false;
    std::uint16_t packet_id = 0;
    std::vector<Wish> wishes;
    std::vector<std::string> filters;
    bool dropped = false;  // in storage
    bool running = false;
  };
  bool job_running() const { return !jobs_.empty() && jobs_.front().running; }
  struct RetainedJob {
    std::uint32_t subscription = 0;
    std::string filter;
    std::string after;
    bool more = true;
    bool reading = false;
    Queue<RetainedMessage> messages;
    std::unordered_map<RoomId, Seq> heads;  // of the rooms that the session was in: what is above them comes live
  };

  // session_subscribe.cpp
  void next_job();
  void run_subscribe(Job& job);
  void join_first(std::vector<std::string> groups, std::vector<FilterWish> asked);
  void ask_log(std::vector<FilterWish> asked);
  void subscribed(std::vector<Granted> granted);
  void granted(const std::vector<std::string>& fresh, std::vector<Granted> answers);
  void subscriptions_failed();
  void run_unsubscribe(Job& job);
  void drop_stored(Job& job);
  Wish read_wish(const Subscribe& packet, const Subscription& wanted) const;
  std::uint32_t put_subscription(SubscriptionState state);
  void drop_subscription(std::uint32_t place);
  void index(std::uint32_t place);
  std::vector<std::uint32_t> places_of(const std::string& name) const;
  void start_retained(std::uint32_t place);
  void next_retained();
  bool comes_live(const RetainedJob& job, const Entry& entry) const;
  void retained_arrived(Result<RetainedPage> page);

  // session_rooms.cpp
  void attach(RoomId id, Joined& room);
  void attached(RoomId id, unsigned serial, Result<Hub::Attachment> result);
  void leave_room(RoomId id, Joined& room);
  void merge(Joined& room) const;
  void release_held();
  void set_attaching(RoomId id, Joined& room, bool attaching);
  Joined* find(RoomId id) const;

  // session_shared.cpp
  void join_groups();
  void leave_groups();
  void leave_group(std::uint32_t place);
  // `saved`: with the session's own save.
  void shared_done(const std::string& filter, RoomId room, Seq seq, bool saved = false);
  void send_shared();
  struct SharedMessage {
    std::string filter;
    std::string room;
    EntryPtr entry;
  };

  // session_saved.cpp: what storage knows of a stored session. A message with QoS 2, PUBREL and PUBCOMP go out behind the commit
  // of what they say, and everything else of the session behind them; what was acknowledged is saved with the next tick.
  struct Gated {
    std::uint64_t save = 0;  // goes out when this one is committed
    std::string bytes;
  };
  void send_packet(const Packet& packet);
  void finish(std::uint16_t packet_id);
  bool unsaved() const;
  void save_now_and_then();
  void start_save();
  void save_done(std::uint64_t number, const Result<Nothing>& result);
  SessionSave make_save();
  SessionCursor cursor_of(RoomId id, const Joined& room) const;

  // session_deliver.cpp
  struct Terms {  // on which one message is owed
    QoS qos = QoS::at_most_once;
    bool retain = false;
    bool dup = false;
    bool meta = false;
    std::uint16_t packet_id = 0;  // not 0: it has one already
    const std::vector<std::uint32_t>* ids = nullptr;
    const std::string* share = nullptr;
  };
  static Joined& joined(const Cursor& cursor) { return *static_cast<Joined*>(cursor.place); }
  void hold_all(const Run& run);
  bool send_plain(const Joined& room, const EntryRange& entries);
  void send_message(const Joined& room, const EntryPtr& message);
  void append_live(std::string& out, const Joined& room, const EntryPtr& entry, bool alone);
  void append(std::string& out, Message& message, const std::string& name, Terms terms, bool alone);
  bool is_plain(const Message& message, const Terms& terms) const;
  void resend();
  void resent_read(unsigned connection, std::size_t at, Result<LogPage> page);
  void go_on_resending();
  void go_on();
  void pump_waiting(bool all);
  void send(std::string& out);

  Exchange& exchange_;
  SessionIdentity is_;
  Hub::SessionId id_;
  Client* client_ = nullptr;
  unsigned connection_ = 0;
  std::uint32_t place_ = 0;
  SubscriptionList subscriptions_;
  LazyMap<std::unordered_map<RoomId, std::unique_ptr<Joined>>> rooms_;
  Queue<RoomId> waiting_;
  Queue<RoomId> retry_;
  Window window_;
  Queue<Job> jobs_;
  Queue<RetainedJob> retained_;
  Queue<SharedMessage> shared_;    // not sent yet; no more than the groups' credit
  Queue<std::uint16_t> received_;  // packet ids of QoS 2 publishes that wait for PUBREL
  // Messages that are not kept, in their order, from the first one whose room is still attached to.
  Queue<std::pair<RoomId, EntryPtr>> held_;
  struct Resend {
    std::uint16_t packet_id = 0;
    EntryPtr entry;
  };
  struct Resending {
    Queue<Resend> messages;   // not sent again yet
    std::size_t missing = 0;  // entries that are being read
  };
  std::unique_ptr<Resending> resending_;  // until all were sent: nothing new overtakes them
  // What storage does not know.
  struct Unsaved {
    std::unordered_set<RoomId> moved;           // rooms whose cursors it does not know
    std::unordered_set<std::uint16_t> changed;  // packet ids, alike
    std::vector<std::uint16_t> outbound_done;
    std::vector<std::uint16_t> inbound_held;
    std::vector<std::uint16_t> inbound_done;
    std::vector<ShareProgress> shares_done;  // with QoS 2, this client's own from the same commit on
  };
  struct Saving {
    std::unique_ptr<Unsaved> unsaved;
    Queue<Gated> gate;
    std::size_t gate_bytes = 0;
    std::uint64_t made = 0;
    MonoMs last_ms = 0;  // when the last save was made
    bool running = false;
    bool must = false;  // before what is sent next
    bool soon = false;  // something in the gate waits for a save that is not made
  };
  Saving& saving();
  Unsaved& note();
  bool gated() const { return saving_ && !saving_->gate.empty(); }
  bool must_save() const { return saving_ && saving_->must; }
  std::unique_ptr<Saving> saving_;  // of a stored session, once there was something to save
};
static_assert(sizeof(Session) <= 232, "one for each connection");

}  // namespace parley::mqtt
