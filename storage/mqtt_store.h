#pragma once

// MQTT's part of the store: sessions that outlive a connection, wills, retained messages by filter, `$share` groups.
//
// A session costs its subscriptions, one cursor for each room in which it was subscribed with QoS 1 or 2, and a bounded window of
// packet identifiers; never a queue of messages (MQTT 5 §4.1, design of the log). The appending half is in store.h: NewEntry's
// `retain`, `expires`, `inbound` and `will`.
//
// Threads, callbacks and errors are those of Store. Calls that write take effect in the order of the calls, with Store::append
// among them, and so are answered; calls that only read see what was answered before. Besides `unavailable` and `internal`, each
// call with a SessionKey may answer `conflict` when the session is another owner's by now, or ended: is_session_lost().
//
// Times are UnixMs, given by the caller. Pages: begin with an empty `after`, go on with `next` until `done`. A page looks at a
// bounded number of rooms, so it may be empty and yet not the last.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "broker/protocol/mqtt/topic_syntax.h"
#include "broker/protocol/mqtt/types.h"
#include "storage/store.h"

namespace parley {

inline constexpr std::string_view session_lost_message = "the MQTT session is another connection's by now, or ended";
// Tells the lost session from an append's other conflicts.
inline bool is_session_lost(const Error& error) { return error.code == Code::conflict && error.message == session_lost_message; }

inline constexpr std::uint32_t session_never_expires = 0xFFFF'FFFF;  // MQTT 5 §3.1.2.11.2

struct MqttSubscription {
  std::string filter;  // as the client wrote it, "$share/…" and all; one of its kind in a session
  mqtt::QoS qos = mqtt::QoS::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  mqtt::RetainHandling retain_handling = mqtt::RetainHandling::send;
  std::uint32_t identifier = 0;  // 0: none
  bool meta = false;             // asked for parley-* user properties
  friend bool operator==(const MqttSubscription&, const MqttSubscription&) = default;

  // Whether the session keeps a cursor for each room that matches. QoS 0 is for those online; a group has cursors of its own.
  bool keeps_cursors() const { return qos != mqtt::QoS::at_most_once && !mqtt::is_shared(filter); }
};

struct MqttWill {
  std::string topic;
  mqtt::QoS qos = mqtt::QoS::at_most_once;
  bool retain = false;
  std::uint32_t delay_s = 0;
  std::uint32_t expiry_s = 0;  // message expiry interval, counted from when it is fired; 0: none
  Payload payload = Payload::bytes;
  std::string body;
  std::string content_type;
  std::string properties;  // as in Entry
  std::string user_id;     // who publishes it
  std::string user_name;
  friend bool operator==(const MqttWill&, const MqttWill&) = default;
};
// To be published now: by an entry that names it (NewEntry::will), or after take_will() when it is only a signal.
struct DueWill {
  WillId id = 0;
  std::string client_id;
  MqttWill will;
};

// Packets under way to the client. The numbers are stored.
enum class OutboundState : unsigned char {
  publish_qos1 = 1,  // waits for PUBACK
  publish_qos2 = 2,  // waits for PUBREC
  release = 3,       // PUBREL: waits for PUBCOMP
};
struct Outbound {
  std::uint16_t packet_id = 0;  // one of its kind in a session
  OutboundState state = OutboundState::publish_qos1;
  RoomId room = 0;
  Seq seq = 0;
  std::uint64_t order = 0;  // re-sends go in this order (MQTT 5 §4.6); the session counts it up
  friend bool operator==(const Outbound&, const Outbound&) = default;
};

// Where a session stands in a room: everything up to `low` is acknowledged or was none of its business, and so is each of
// `above`, ascending and greater than low + 1.
struct SessionCursor {
  RoomId room = 0;
  Seq low = 0;
  std::vector<Seq> above;
  friend bool operator==(const SessionCursor&, const SessionCursor&) = default;
};

struct SessionOpening {
  std::string client_id;  // not empty
  std::string user_id;    // whose session it is: another user's, unexpired one is refused
  std::string owner;      // this process, one word for each of its lives; its lease is renewed with renew_lease()
  bool clean_start = false;
  std::uint32_t expiry_s = 0;  // 0: the session ends with its connection
  std::optional<MqttWill> will;
};
struct SessionOpened {
  SessionKey key;
  bool present = false;        // an unexpired session goes on (MQTT 5 §3.2.2.1.1)
  SessionKey previous;         // id 0: nobody had the client id; otherwise that key is worth nothing any more
  std::string previous_owner;  // not empty: it was connected, there (MQTT 5 §3.1.4): to be told to disconnect it with 0x8E
  // Its last connection ended with its owner's lease, or is another owner's that has just lost it: what that one sent last may
  // not have been saved.
  bool interrupted = false;
  std::vector<MqttSubscription> subscriptions;  // ascending by filter
  std::vector<Outbound> outbound;               // ascending by order
  std::vector<std::uint16_t> inbound;           // QoS 2 packet identifiers that are not released yet
  std::vector<DueWill> wills;                   // of the previous connection, when its will is due by that (MQTT 5 §3.1.2.5)
};
struct SessionInfo {
  SessionKey key;
  std::string user_id;
  std::string owner;   // empty: not connected
  UnixMs expires = 0;  // when not connected; INT64_MAX: never
};

struct SeqRange {
  Seq first = 0;
  Seq last = 0;
  friend bool operator==(const SeqRange&, const SeqRange&) = default;
};
// What a member has claimed of a group's room, and neither finished nor returned.
struct ShareClaims {
  std::string filter;  // "$share/{group}/{filter}"
  RoomId room = 0;
  std::vector<SeqRange> ranges;  // ascending
  friend bool operator==(const ShareClaims&, const ShareClaims&) = default;
};
// What becomes of some of it. Ranges that it has not claimed change nothing.
struct ShareProgress {
  std::string filter;
  RoomId room = 0;
  std::vector<SeqRange> done;      // acknowledged: done for the whole group
  std::vector<SeqRange> returned;  // for another member
};

// Changes of one session, committed together. Small and often: many sessions' go in one call, which costs one commit. What is
// done goes first, so a packet identifier may be done and taken again in one.
struct SessionSave {
  SessionKey session;
  std::vector<SessionCursor> cursors;        // as they stand now
  std::vector<Outbound> outbound;            // new ones, and those whose state changed
  std::vector<std::uint16_t> outbound_done;  // acknowledged: PUBACK, PUBCOMP
  std::vector<std::uint16_t> inbound_held;   // QoS 2 packets received that became no entry (refused in 3.1.1)
  std::vector<std::uint16_t> inbound_done;   // PUBREL came; saved before PUBCOMP is sent
  std::vector<ShareProgress> shares;
};

// A room that a filter or a session asked for, all of it read at one position: the retained message is at or before `head`, and
// what is live comes after it.
struct MatchedRoom {
  RoomId room = 0;
  std::string name;
  Visibility visibility = Visibility::open;
  Keep keep = Keep::all;
  Seq head = 0;
  Seq floor = 1;
  // Where the session, or the group, stands (subscribe, backlog, share_backlog); otherwise at the head.
  Seq low = 0;
  std::vector<Seq> above;
  EntryPtr retained;  // when asked for and there is one that has not expired; its seq may be pruned from the log
};
struct RoomsPage {
  std::vector<MatchedRoom> rooms;
  std::string next;
  bool done = true;
};
struct RoomsStep {
  std::string after;
  unsigned rooms_max = 1000;  // looked at in this step
  bool retained = false;      // bring retained messages
  UnixMs now = 0;
};

struct ClaimRequest {
  SessionKey session;
  std::string filter;  // "$share/{group}/{filter}", one of its subscriptions
  RoomId room = 0;     // matches the filter
  unsigned entries_max = 1;
};

struct SweptSession {
  SessionKey key;  // of the owner that lost it
  std::string client_id;
  std::string owner;
};
struct Swept {
  std::vector<SweptSession> lapsed;  // their owner's lease ended: they count as disconnected, and its key is worth nothing
  std::vector<SweptSession> ended;   // expired: gone with all that was theirs
  bool more = false;                 // sweep again soon
};

class MqttStore {
 public:
  virtual ~MqttStore() = default;

  // ---- a session's life (MQTT 5 §3.1, §4.1)
  // Makes the session, or takes it over, with a new generation. forbidden: the client id is another user's.
  virtual void open_session(SessionOpening opening, UnixMs now, Reply<SessionOpened> done) = 0;
  // The connection ended. `expiry_s`: the one that DISCONNECT brought, or as opened; 0 ends the session. The will is forgotten
  // with `drop_will`, otherwise due after its delay or when the session ends, whichever comes first; answered when that is now.
  virtual void close_session(SessionKey session, std::optional<std::uint32_t> expiry_s, bool drop_will, UnixMs now,
                             Reply<std::vector<DueWill>> done) = 0;
  virtual void find_session(std::string client_id, Reply<SessionInfo> done) = 0;  // not_found

  // `owner` lives until `until` at least. One call for all its sessions, the first one before any is opened; about three times
  // within a lease. An owner without a lease counts as dead: so does every other one once a store that only one process can use
  // was opened anew.
  virtual void renew_lease(std::string owner, UnixMs until, Reply<Nothing> done) = 0;
  // One small step over what time has ended: sessions whose owner's lease is over, sessions that expired. Any replica may.
  virtual void sweep(UnixMs now, unsigned rows_max, Reply<Swept> done) = 0;

  virtual void due_wills(UnixMs now, unsigned limit, Reply<std::vector<DueWill>> done) = 0;
  // For a will that becomes no entry: it is the caller's alone. not_found: somebody was quicker.
  virtual void take_will(WillId will, Reply<Nothing> done) = 0;

  // ---- subscriptions (MQTT 5 §3.8, §3.10)
  // Stores the subscription, page by page of the rooms that match now: where it keeps cursors, the heads of those that no other
  // such subscription of the session covered are noted, so that what comes later is the session's. It is stored, or replaced,
  // in the commit of the last page; SUBACK goes out after that. A room that is made later starts at 0 and needs no note.
  // A shared one brings no retained messages; the first member of a group notes the heads for the group.
  virtual void subscribe(SessionKey session, MqttSubscription subscription, RoomsStep step, Reply<RoomsPage> done) = 0;
  // Answers for each filter whether there was such a subscription. Cursors that no subscription covers any more are worth
  // nothing (sweep removes them).
  virtual void unsubscribe(SessionKey session, std::vector<std::string> filters, Reply<std::vector<bool>> done) = 0;
  // Rooms whose name matches the filter, a valid one and not shared.
  virtual void match_rooms(std::string filter, RoomsStep step, Reply<RoomsPage> done) = 0;

  // ---- delivery (MQTT 5 §4.3 to §4.6)
  // Result i belongs to save i. One that was lost is refused alone; the others are committed.
  virtual void save(std::vector<SessionSave> saves, Reply<std::vector<Status>> done) = 0;
  // Rooms in which entries wait for the session (head > low), by the subscriptions that keep cursors; each room once.
  virtual void backlog(SessionKey session, RoomsStep step, Reply<RoomsPage> done) = 0;

  // ---- shared subscriptions (MQTT 5 §4.8.2)
  // Takes up to entries_max entries of the room for the member: those that others gave back or lost first, then the next of the
  // log. No seq is claimed by two at a time. Answer i belongs to request i: the new ranges, ascending; none: there is nothing.
  // not_found: no such subscription.
  virtual void claim(std::vector<ClaimRequest> requests, Reply<std::vector<Result<std::vector<SeqRange>>>> done) = 0;
  // What the session has claimed and neither finished nor returned, of all its groups.
  virtual void claims(SessionKey session, Reply<std::vector<ShareClaims>> done) = 0;
  // Rooms of the group in which something can be claimed; `low` is the last seq that was claimed by anybody so far.
  virtual void share_backlog(std::string filter, RoomsStep step, Reply<RoomsPage> done) = 0;
};

}  // namespace parley
