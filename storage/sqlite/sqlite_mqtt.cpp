#include "storage/sqlite/sqlite_mqtt.h"

#include "storage/sqlite/mqtt_delivery.h"
#include "storage/sqlite/mqtt_sessions.h"
#include "storage/sqlite/mqtt_subscriptions.h"
#include "storage/sqlite/mqtt_wills.h"

namespace parley::sqlite {

void SqliteMqtt::open_session(SessionOpening opening, UnixMs now, Reply<SessionOpened> done) {
  change<SessionOpened>(std::move(done),
                        [opening = std::move(opening), now](Connection& c) { return sqlite::open_session(c, opening, now); });
}

void SqliteMqtt::close_session(SessionKey session, std::optional<std::uint32_t> expiry_s, bool drop_will, UnixMs now,
                               Reply<std::vector<DueWill>> done) {
  change<std::vector<DueWill>>(std::move(done),
                               [=](Connection& c) { return sqlite::close_session(c, session, expiry_s, drop_will, now); });
}

void SqliteMqtt::find_session(std::string client_id, Reply<SessionInfo> done) {
  ask<SessionInfo>(std::move(done), [id = std::move(client_id)](Connection& c) { return sqlite::find_session(c, id); });
}

void SqliteMqtt::lost_sessions(std::vector<SessionKey> sessions, Reply<std::vector<SessionKey>> done) {
  ask<std::vector<SessionKey>>(std::move(done),
                               [sessions = std::move(sessions)](Connection& c) -> Result<std::vector<SessionKey>> {
                                 std::vector<SessionKey> lost;
                                 for (const SessionKey key : sessions) {
                                   if (!check_session(c, key).ok()) lost.push_back(key);
                                 }
                                 return lost;
                               });
}

void SqliteMqtt::renew_lease(std::string owner, UnixMs until, Reply<Nothing> done) {
  change<Nothing>(std::move(done),
                  [owner = std::move(owner), until](Connection& c) { return sqlite::renew_lease(c, owner, until); });
}

void SqliteMqtt::sweep(UnixMs now, unsigned rows_max, Reply<Swept> done) {
  change<Swept>(std::move(done), [now, rows_max](Connection& c) { return sweep_sessions(c, now, rows_max); });
}

void SqliteMqtt::due_wills(UnixMs now, unsigned limit, Reply<std::vector<DueWill>> done) {
  ask<std::vector<DueWill>>(std::move(done), [now, limit](Connection& c) { return sqlite::due_wills(c, now, limit); });
}

void SqliteMqtt::take_will(WillId will, Reply<Nothing> done) {
  change<Nothing>(std::move(done), [will](Connection& c) { return sqlite::take_will(c, will); });
}

void SqliteMqtt::subscribe(SessionKey session, MqttSubscription subscription, RoomsStep step, Reply<RoomsPage> done) {
  change<RoomsPage>(std::move(done), [session, subscription = std::move(subscription), step = std::move(step)](Connection& c) {
    return sqlite::subscribe(c, session, subscription, step);
  });
}

void SqliteMqtt::unsubscribe(SessionKey session, std::vector<std::string> filters, Reply<std::vector<bool>> done) {
  change<std::vector<bool>>(std::move(done), [session, filters = std::move(filters)](Connection& c) {
    return sqlite::unsubscribe(c, session, filters);
  });
}

void SqliteMqtt::match_rooms(std::string filter, RoomsStep step, Reply<RoomsPage> done) {
  ask<RoomsPage>(std::move(done), [filter = std::move(filter), step = std::move(step)](Connection& c) {
    return sqlite::match_rooms(c, filter, step);
  });
}

void SqliteMqtt::save(std::vector<SessionSave> saves, Reply<std::vector<Status>> done) {
  change<std::vector<Status>>(std::move(done), [saves = std::move(saves)](Connection& c) { return save_sessions(c, saves); });
}

void SqliteMqtt::backlog(SessionKey session, RoomsStep step, Reply<RoomsPage> done) {
  ask<RoomsPage>(std::move(done), [session, step = std::move(step)](Connection& c) { return sqlite::backlog(c, session, step); });
}

void SqliteMqtt::claim(std::vector<ClaimRequest> requests, Reply<std::vector<Result<std::vector<SeqRange>>>> done) {
  change<std::vector<Result<std::vector<SeqRange>>>>(
      std::move(done), [requests = std::move(requests)](Connection& c) { return claim_entries(c, requests); });
}

void SqliteMqtt::claims(SessionKey session, Reply<std::vector<ShareClaims>> done) {
  ask<std::vector<ShareClaims>>(std::move(done), [session](Connection& c) { return list_claims(c, session); });
}

void SqliteMqtt::share_backlog(std::string filter, RoomsStep step, Reply<RoomsPage> done) {
  ask<RoomsPage>(std::move(done), [filter = std::move(filter), step = std::move(step)](Connection& c) {
    return sqlite::share_backlog(c, filter, step);
  });
}

}  // namespace parley::sqlite
