#pragma once

// The MQTT sessions and wills of the memory store, as plain containers: what MqttStore promises, without its callbacks.

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "storage/mqtt_store.h"
#include "tests/fakes/memory_room.h"
#include "tests/fakes/memory_shares.h"

namespace parley::fakes {

// The rooms of the store, by id (rooms[i] has id i + 1) and by name.
struct MemoryRooms {
  std::vector<std::unique_ptr<MemoryRoom>> list;
  std::map<std::string, RoomId> names;
  MemoryRoom* find(RoomId id) {
    return id >= 1 && static_cast<std::size_t>(id) <= list.size() ? list[static_cast<std::size_t>(id - 1)].get() : nullptr;
  }
};

class MemorySessions {
 public:
  explicit MemorySessions(MemoryRooms& rooms) : rooms_(rooms) {}

  Result<SessionOpened> open(const SessionOpening& opening, UnixMs now);
  Result<std::vector<DueWill>> close(SessionKey key, std::optional<std::uint32_t> expiry_s, bool drop_will, UnixMs now);
  Result<SessionInfo> find(const std::string& client_id) const;
  void renew_lease(const std::string& owner, UnixMs until) { leases_[owner] = until; }
  Swept sweep(UnixMs now, unsigned rows_max);
  std::vector<DueWill> due_wills(UnixMs now, unsigned limit) const;
  Status take_will(WillId will);

  Result<RoomsPage> subscribe(SessionKey key, const MqttSubscription& subscription, const RoomsStep& step);
  Result<std::vector<bool>> unsubscribe(SessionKey key, const std::vector<std::string>& filters);
  RoomsPage match(std::string_view filter, const RoomsStep& step);
  Status save(const SessionSave& save);
  Result<RoomsPage> backlog(SessionKey key, const RoomsStep& step);
  Result<std::vector<SeqRange>> claim(const ClaimRequest& request);
  Result<std::vector<ShareClaims>> claims(SessionKey key);
  RoomsPage share_backlog(const std::string& filter, const RoomsStep& step);

  // ---- appends
  // An answer instead of the append: the packet is known (a duplicate), or the session is lost, or the will is gone.
  std::optional<Result<Appended>> before_append(const NewEntry& entry);
  void after_append(const NewEntry& entry, const Appended& appended);
  // The lowest seq that a session or a group may still ask for; head + 1 when there is none.
  Seq held(const RoomInfo& room) const;

 private:
  struct Session {
    SessionKey key;
    std::string client_id;
    std::string user_id;
    std::string owner;  // empty: not connected
    std::uint32_t expiry_s = 0;
    UnixMs expires = 0;        // when not connected
    bool interrupted = false;  // its last owner died
    std::map<std::string, MqttSubscription> subscriptions;
    std::map<RoomId, SessionCursor> cursors;
    std::map<std::uint16_t, Outbound> outbound;
    std::map<std::uint16_t, Appended> inbound;  // seq 0: became no entry

    // Whether a subscription that keeps cursors matches.
    bool covers(std::string_view room) const;
  };
  struct Will {
    DueWill due;
    SessionId session = 0;  // 0: of a session that went on without it, or ended
    UnixMs at = never;      // when it is due
  };
  static constexpr UnixMs never = INT64_MAX;

  Session* find(SessionKey key);  // nullptr: lost
  Session& make(const SessionOpening& opening, std::uint64_t generation);
  bool lease_over(const Session& session, UnixMs now) const;
  void disconnect(Session& session, UnixMs at);
  void lapse(Session& session, UnixMs now);
  void end(SessionId id, UnixMs now);
  // The will of the connection before: due now, or forgotten.
  void settle_will(const Session& session, bool ends, UnixMs now);
  std::vector<DueWill> wills_of(const std::string& client_id, UnixMs now) const;
  // Calls `visit` for each room of the step whose name the filter matches.
  RoomsPage walk(std::string_view filter, const RoomsStep& step, const std::function<bool(MatchedRoom&)>& visit);

  MemoryRooms& rooms_;
  MemoryShares shares_;
  std::map<SessionId, Session> sessions_;
  std::map<std::string, SessionId> client_ids_;
  std::map<std::string, UnixMs> leases_;
  std::map<WillId, Will> wills_;
  SessionId last_session_ = 0;
  WillId last_will_ = 0;
};

}  // namespace parley::fakes
