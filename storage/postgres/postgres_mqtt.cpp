#include "storage/postgres/postgres_mqtt.h"

#include <sodium.h>

#include "storage/postgres/mqtt_delivery.h"
#include "storage/postgres/mqtt_rooms.h"
#include "storage/postgres/mqtt_sessions.h"

namespace parley::postgres {

namespace {
std::string new_token() {
  std::string bytes(16, '\0');
  randombytes_buf(bytes.data(), bytes.size());
  return bytes;
}
}  // namespace

void PostgresMqtt::open_session(SessionOpening opening, UnixMs now, Reply<SessionOpened> done) {
  change_(postgres::open_session(replica_, std::move(opening), now, new_token(), std::move(done)));
}
void PostgresMqtt::close_session(SessionKey session, std::optional<std::uint32_t> expiry_s, bool drop_will, UnixMs now,
                                 Reply<std::vector<DueWill>> done) {
  change_(postgres::close_session(replica_, session, expiry_s, drop_will, now, std::move(done)));
}
void PostgresMqtt::find_session(std::string client_id, Reply<SessionInfo> done) {
  ask_(postgres::find_session(std::move(client_id), std::move(done)));
}
void PostgresMqtt::lost_sessions(std::vector<SessionKey> sessions, Reply<std::vector<SessionKey>> done) {
  ask_(postgres::lost_sessions(std::move(sessions), std::move(done)));
}
void PostgresMqtt::renew_lease(std::string owner, UnixMs until, Reply<Nothing> done) {
  change_(postgres::renew_lease(replica_, std::move(owner), until, std::move(done)));
}
void PostgresMqtt::sweep(UnixMs now, unsigned rows_max, Reply<Swept> done) {
  change_(postgres::sweep(replica_, now, rows_max, std::move(done)));
}
void PostgresMqtt::due_wills(UnixMs now, unsigned limit, Reply<std::vector<DueWill>> done) {
  ask_(postgres::due_wills(now, limit, std::move(done)));
}
void PostgresMqtt::take_will(WillId will, Reply<Nothing> done) { change_(postgres::take_will(replica_, will, std::move(done))); }
void PostgresMqtt::subscribe(SessionKey session, MqttSubscription subscription, RoomsStep step, Reply<RoomsPage> done) {
  change_(postgres::subscribe(replica_, session, std::move(subscription), std::move(step), std::move(done)));
}
void PostgresMqtt::unsubscribe(SessionKey session, std::vector<std::string> filters, Reply<std::vector<bool>> done) {
  change_(postgres::unsubscribe(replica_, session, std::move(filters), std::move(done)));
}
void PostgresMqtt::match_rooms(std::string filter, RoomsStep step, Reply<RoomsPage> done) {
  ask_(postgres::match_rooms(filter, std::move(step), std::move(done)));
}
void PostgresMqtt::save(std::vector<SessionSave> saves, Reply<std::vector<Status>> done) {
  change_(save_sessions(replica_, std::move(saves), std::move(done)));
}
void PostgresMqtt::backlog(SessionKey session, RoomsStep step, Reply<RoomsPage> done) {
  ask_(postgres::backlog(session, std::move(step), std::move(done)));
}
void PostgresMqtt::claim(std::vector<ClaimRequest> requests, Reply<std::vector<Result<std::vector<SeqRange>>>> done) {
  change_(claim_entries(replica_, std::move(requests), new_token(), std::move(done)));
}
void PostgresMqtt::claims(SessionKey session, Reply<std::vector<ShareClaims>> done) {
  ask_(list_claims(session, std::move(done)));
}
void PostgresMqtt::share_backlog(std::string filter, RoomsStep step, Reply<RoomsPage> done) {
  ask_(postgres::share_backlog(std::move(filter), std::move(step), std::move(done)));
}

}  // namespace parley::postgres
