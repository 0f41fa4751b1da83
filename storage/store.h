#pragma once

// The store: the one truth. Small and asynchronous; every implementation passes the same contract suite (tests/contract).
//
// Threads: a store belongs to the thread of the executor that it was opened with. Every method is called there, every
// callback runs there, later, never inside the call. Callbacks of `append` come in the order of the calls; others in any order.
// After `close` no callback runs.
//
// Errors: `unavailable` (disk full, locked, corrupt, connection lost: nothing of the call was committed, try again later) and
// `internal` may come from every method; the others are named where they can come.

#include <optional>
#include <string>
#include <vector>

#include "broker/base/result.h"
#include "broker/base/unique_function.h"
#include "broker/protocol/entry.h"
#include "broker/protocol/room.h"

namespace parley {

class MqttStore;  // mqtt_store.h

using SessionId = std::int64_t;  // of an MQTT session; given by storage, never reused; 0 is none
using WillId = std::int64_t;     // alike

template <typename T>
using Reply = UniqueFunction<void(Result<T>)>;

// A change of one membership, committed together with its entry.
struct MemberChange {
  std::string user_id;
  std::string user_name;
  std::optional<Role> role;  // none: the membership ends (also lifts a ban)
};

struct RoomChange {
  std::optional<std::string> title;
  std::optional<Visibility> visibility;
  std::optional<Keep> keep;
};

// An MQTT session and the count of its take-overs (mqtt_store.h). What is written with another generation than the session has
// now is refused with `conflict` (is_session_lost).
struct SessionKey {
  SessionId id = 0;
  std::uint64_t generation = 0;
  friend bool operator==(const SessionKey&, const SessionKey&) = default;
};
// A QoS 2 PUBLISH of a stored session, by its packet identifier. It is remembered in the commit of its entry, until the session
// says that it released it (SessionSave::inbound_done); a repeat until then is a duplicate, whatever else it brings.
struct InboundPacket {
  SessionKey session;
  std::uint16_t packet_id = 0;
};

// What is to be appended. Effects (edit, remove, memberships, settings) are committed with the entry or not at all.
struct NewEntry {
  RoomId room = 0;
  EntryType type = EntryType::message;
  Payload payload = Payload::json_object;
  Seq target = 0;             // edit, remove, reaction, pin: must be a kept message that is not deleted, else not_found
  std::string target_author;  // not empty: the target must be this user's, else forbidden
  std::string user_id;
  std::string user_name;
  std::string
      cid;  // not empty: (room, user_id, cid) is unique. A repeat is a duplicate; with another type, target or body a conflict
  std::string body;
  std::string content_type;
  std::string properties;
  UnixMs expires = 0;   // see Entry; 0: never
  bool retain = false;  // a message: it is the room's retained one from now on; with an empty body the room has none
  std::optional<InboundPacket> inbound;
  WillId will = 0;  // not 0: that will is fired by this entry; conflict when it is gone already (fired, or taken back)
  std::optional<MemberChange> member;
  std::optional<RoomChange> settings;
};

struct Appended {
  Seq seq = 0;
  UnixMs ts = 0;
  std::uint64_t messages = 0;
  bool duplicate = false;  // it was there already; seq and ts are the first one's
};

// Contiguous entries of the log as they are stored now (bodies of deleted messages are gone, edited ones replaced).
struct LogPage {
  std::vector<EntryPtr> entries;  // ascending; the first is max(after + 1, floor)
  Seq floor = 1;
  Seq head = 0;
};

struct Reaction {
  std::string key;
  unsigned count = 0;
  bool mine = false;
  std::vector<std::string> names;  // at most 10
};

struct HistoryQuery {
  RoomId room = 0;
  Seq before = 0;  // not 0: entries with a smaller seq, the newest of them
  Seq after = 0;   // with before == 0: entries with a greater seq, the oldest of them (has_after says that it was given)
  bool has_after = false;
  unsigned limit = 50;
  std::string viewer;  // user id, for Reaction::mine
};
struct HistoryItem {
  EntryPtr entry;  // no edit, remove or reaction entries
  std::vector<Reaction> reactions;
};
// A page of history with edits, deletions and reactions folded in up to `as_of` (one consistent read).
struct HistoryPage {
  std::vector<HistoryItem> items;  // ascending
  Seq as_of = 0;                   // the head at the moment of the read
  Seq floor = 1;
  bool more = false;  // in the direction of the query
};

struct NewRoom {
  std::string name;
  std::string title;
  Visibility visibility = Visibility::open;
  Keep keep = Keep::all;
  std::string owner_id;  // empty: nobody owns it
  std::string owner_name;
};

struct RoomsQuery {
  std::string user_id;   // whose view
  bool mine = true;      // true: rooms that the user is a member of (not banned); false: all public ones
  std::string contains;  // in name or title, ASCII case-insensitive; empty: all
  std::string after;     // names greater than this, bytewise
  unsigned limit = 50;
};

struct ReadMark {
  Seq seq = 0;
  unsigned unread = 0;
};

struct Account {
  std::string id;
  std::string name;  // as the user wrote it; unique without regard to ASCII case
  std::string password_hash;
  UnixMs created = 0;
};

// A refresh token, known by its hash only. All tokens of one login are a family.
struct RefreshToken {
  std::string hash;  // 32 bytes
  std::string family;
  std::string user_id;
  UnixMs expires = 0;
};

struct Retention {
  std::uint64_t entries_max = 0;  // per room; 0: no limit
  UnixMs age_max_ms = 0;          // 0: no limit
  unsigned rows_max = 1000;       // of one step
  // Entries over the limits that are kept, per room, while the cursor of a stored MQTT session has not passed them.
  std::uint64_t held_entries_max = 100000;
};
struct Pruned {
  RoomId room = 0;
  Seq floor = 1;
};

struct RoomHead {
  RoomId room = 0;
  Seq head = 0;
  Seq before = 0;  // what it was at the earlier snapshot, or less
};
// What other processes wrote to the same log, as seen from one snapshot of its commits to the next.
struct MovedHeads {
  std::string snapshot;  // where this answer ends: what to ask with next; opaque
  std::string epoch;     // another one than before: nothing that is remembered of the log holds any more
  std::vector<RoomHead>
      rooms;  // each room whose head moved, once, with its head; may name rooms that did not move, never misses one
};

// Where an entry is once its append was answered.
enum class Durability : unsigned char {
  local,       // on the disk of the one server (or file) that has the log
  replicated,  // on synchronous standbys too
};

class Store {
 public:
  virtual ~Store() = default;

  // Names this life of the log; known once the store is open. It changes while the store is open only when the database behind
  // it became another one (fail-over, restore, `parley epoch bump`); moved_heads tells. Same thread.
  virtual std::string epoch() const = 0;
  // False while the store knows that it is cut off from its database: new calls would be answered `unavailable` at once, while
  // appends under way wait until their outcome can be learned. Same thread.
  virtual bool available() const { return true; }

  // Appends a batch as one commit; result i belongs to entry i. Numbers go up in the batch's order, per room. An entry at fault
  // is refused alone (not_found, forbidden, conflict, too_large); the others are committed. `ts` is max(the room's last, `now`).
  // The whole batch fails only with unavailable or internal, and then nothing of it is committed.
  virtual void append(std::vector<NewEntry> batch, UnixMs now, Reply<std::vector<Result<Appended>>> done) = 0;

  // Entries after `after`, at most `entries_max` of them and about `bytes_max` of footprint (at least one when there is one).
  virtual void read(RoomId room, Seq after, unsigned entries_max, std::size_t bytes_max, Reply<LogPage> done) = 0;
  virtual void history(HistoryQuery query, Reply<HistoryPage> done) = 0;

  virtual void find_room(std::string name, Reply<RoomInfo> done) = 0;                  // not_found
  virtual void create_room(NewRoom room, UnixMs now, Reply<RoomInfo> done) = 0;        // conflict
  virtual void list_rooms(RoomsQuery query, Reply<std::vector<RoomView>> done) = 0;    // ascending by name
  virtual void view_room(RoomId room, std::string user_id, Reply<RoomView> done) = 0;  // not_found
  virtual void find_member(RoomId room, std::string user_id, Reply<Member> done) = 0;  // not_found
  // Ascending by user id, those after `after`; banned ones too.
  virtual void list_members(RoomId room, std::string after, unsigned limit, Reply<std::vector<Member>> done) = 0;
  // Monotonic: a smaller seq changes nothing; beyond the head it is the head. Answers the mark as it stands.
  virtual void set_read(RoomId room, std::string user_id, Seq seq, Reply<ReadMark> done) = 0;

  virtual void create_account(Account account, Reply<Nothing> done) = 0;         // conflict: the name is taken
  virtual void find_account_by_name(std::string name, Reply<Account> done) = 0;  // not_found
  virtual void find_account(std::string id, Reply<Account> done) = 0;            // not_found

  virtual void put_refresh(RefreshToken token, Reply<Nothing> done) = 0;
  // Replaces the token with hash `old_hash` by `next` (its family and user are taken from the old one) and answers the old one.
  // unauthorized when it is unknown, expired or revoked. One that was replaced already is replaced once more as long as nobody
  // used its successor, which from then on counts as replaced (the answer that carried it may have been lost); otherwise it
  // revokes its whole family: conflict, with the family as the message.
  virtual void rotate_refresh(std::string old_hash, RefreshToken next, UnixMs now, Reply<RefreshToken> done) = 0;
  // Revokes the family of the token with this hash and answers its name; not_found when unknown.
  virtual void revoke_refresh(std::string hash, Reply<std::string> done) = 0;

  // One small step of pruning over all rooms; answers the rooms whose floor moved. An empty answer: nothing is left to do now.
  virtual void prune(Retention retention, UnixMs now, Reply<std::vector<Pruned>> done) = 0;

  // Which rooms' heads moved since `since`, a snapshot from an earlier answer; empty: none, only the snapshot to begin with.
  // By transaction, not by time: a commit that was under way at the earlier snapshot counts in this one. Appends of this store
  // are among them. A store that only this process can write answers with no rooms.
  virtual void moved_heads(std::string since, Reply<MovedHeads> done) = 0;

  virtual void durability(Reply<Durability> done) = 0;

  // MQTT's part, which lives as long as the store; nullptr when this store has none.
  virtual MqttStore* mqtt() { return nullptr; }

  // Whether the store could commit now (writes a row of its own and commits).
  virtual void probe(Reply<Nothing> done) = 0;

  // Finishes what is under way, closes; then calls `done`, the last callback of all.
  virtual void close(UniqueFunction<void()> done) = 0;
};

}  // namespace parley
