#pragma once

// MqttStore of the PostgreSQL store. Changes go over a connection of their own, one call at a time and fenced, so that their
// order is kept when one has to be sent again; reads go where the store's other reads go.

#include "storage/mqtt_store.h"
#include "storage/postgres/call.h"

namespace parley::postgres {

class PostgresMqtt final : public MqttStore {
 public:
  using Submit = UniqueFunction<void(std::unique_ptr<Call>)>;

  // `replica`: 16 bytes, the name that its connection is fenced by.
  PostgresMqtt(std::string replica, Submit change, Submit ask)
      : replica_(std::move(replica)), change_(std::move(change)), ask_(std::move(ask)) {}

  void open_session(SessionOpening opening, UnixMs now, Reply<SessionOpened> done) override;
  void close_session(SessionKey session, std::optional<std::uint32_t> expiry_s, bool drop_will, UnixMs now,
                     Reply<std::vector<DueWill>> done) override;
  void find_session(std::string client_id, Reply<SessionInfo> done) override;
  void lost_sessions(std::vector<SessionKey> sessions, Reply<std::vector<SessionKey>> done) override;
  void renew_lease(std::string owner, UnixMs until, Reply<Nothing> done) override;
  void sweep(UnixMs now, unsigned rows_max, Reply<Swept> done) override;
  void due_wills(UnixMs now, unsigned limit, Reply<std::vector<DueWill>> done) override;
  void take_will(WillId will, Reply<Nothing> done) override;
  void subscribe(SessionKey session, MqttSubscription subscription, RoomsStep step, Reply<RoomsPage> done) override;
  void unsubscribe(SessionKey session, std::vector<std::string> filters, Reply<std::vector<bool>> done) override;
  void match_rooms(std::string filter, RoomsStep step, Reply<RoomsPage> done) override;
  void save(std::vector<SessionSave> saves, Reply<std::vector<Status>> done) override;
  void backlog(SessionKey session, RoomsStep step, Reply<RoomsPage> done) override;
  void claim(std::vector<ClaimRequest> requests, Reply<std::vector<Result<std::vector<SeqRange>>>> done) override;
  void claims(SessionKey session, Reply<std::vector<ShareClaims>> done) override;
  void share_backlog(std::string filter, RoomsStep step, Reply<RoomsPage> done) override;

 private:
  const std::string replica_;
  Submit change_;
  Submit ask_;
};

}  // namespace parley::postgres
