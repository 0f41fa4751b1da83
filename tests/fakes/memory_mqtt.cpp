#include "tests/fakes/memory_mqtt.h"

#include "tests/fakes/memory_store.h"

namespace parley::fakes {

void MemoryMqtt::open_session(SessionOpening opening, UnixMs now, Reply<SessionOpened> done) {
  store_.answer(std::move(done), [this, opening = std::move(opening), now] { return sessions_.open(opening, now); });
}

void MemoryMqtt::close_session(SessionKey session, std::optional<std::uint32_t> expiry_s, bool drop_will, UnixMs now,
                               Reply<std::vector<DueWill>> done) {
  // Behind the saves that came before it.
  store_.change(std::move(done), [=, this] { return sessions_.close(session, expiry_s, drop_will, now); });
}

void MemoryMqtt::find_session(std::string client_id, Reply<SessionInfo> done) {
  store_.answer(std::move(done), [this, client_id = std::move(client_id)] { return sessions_.find(client_id); });
}

void MemoryMqtt::lost_sessions(std::vector<SessionKey> sessions, Reply<std::vector<SessionKey>> done) {
  store_.answer(std::move(done), [this, sessions = std::move(sessions)]() -> Result<std::vector<SessionKey>> {
    std::vector<SessionKey> lost;
    for (const SessionKey key : sessions) {
      if (sessions_.is_lost(key)) lost.push_back(key);
    }
    return lost;
  });
}

void MemoryMqtt::renew_lease(std::string owner, UnixMs until, Reply<Nothing> done) {
  store_.answer(std::move(done), [this, owner = std::move(owner), until] {
    sessions_.renew_lease(owner, until);
    return ok_status();
  });
}

void MemoryMqtt::sweep(UnixMs now, unsigned rows_max, Reply<Swept> done) {
  store_.answer(std::move(done), [this, now, rows_max]() -> Result<Swept> { return sessions_.sweep(now, rows_max); });
}

void MemoryMqtt::due_wills(UnixMs now, unsigned limit, Reply<std::vector<DueWill>> done) {
  store_.answer(std::move(done),
                [this, now, limit]() -> Result<std::vector<DueWill>> { return sessions_.due_wills(now, limit); });
}

void MemoryMqtt::take_will(WillId will, Reply<Nothing> done) {
  store_.answer(std::move(done), [this, will] { return sessions_.take_will(will); });
}

void MemoryMqtt::subscribe(SessionKey session, MqttSubscription subscription, RoomsStep step, Reply<RoomsPage> done) {
  store_.answer(std::move(done), [this, session, subscription = std::move(subscription), step = std::move(step)] {
    return sessions_.subscribe(session, subscription, step);
  });
}

void MemoryMqtt::unsubscribe(SessionKey session, std::vector<std::string> filters, Reply<std::vector<bool>> done) {
  store_.answer(std::move(done),
                [this, session, filters = std::move(filters)] { return sessions_.unsubscribe(session, filters); });
}

void MemoryMqtt::match_rooms(std::string filter, RoomsStep step, Reply<RoomsPage> done) {
  store_.answer(std::move(done), [this, filter = std::move(filter), step = std::move(step)]() -> Result<RoomsPage> {
    return sessions_.match(filter, step);
  });
}

void MemoryMqtt::save(std::vector<SessionSave> saves, Reply<std::vector<Status>> done) {
  store_.change(std::move(done), [this, saves = std::move(saves)]() -> Result<std::vector<Status>> {
    std::vector<Status> out;
    for (const SessionSave& each : saves) out.push_back(sessions_.save(each));
    return out;
  });
}

void MemoryMqtt::backlog(SessionKey session, RoomsStep step, Reply<RoomsPage> done) {
  store_.answer(std::move(done), [this, session, step = std::move(step)] { return sessions_.backlog(session, step); });
}

void MemoryMqtt::claim(std::vector<ClaimRequest> requests, Reply<std::vector<Result<std::vector<SeqRange>>>> done) {
  store_.change(std::move(done), [this, requests = std::move(requests)]() -> Result<std::vector<Result<std::vector<SeqRange>>>> {
    std::vector<Result<std::vector<SeqRange>>> out;
    for (const ClaimRequest& each : requests) out.push_back(sessions_.claim(each));
    return out;
  });
}

void MemoryMqtt::claims(SessionKey session, Reply<std::vector<ShareClaims>> done) {
  store_.answer(std::move(done), [this, session] { return sessions_.claims(session); });
}

void MemoryMqtt::share_backlog(std::string filter, RoomsStep step, Reply<RoomsPage> done) {
  store_.answer(std::move(done), [this, filter = std::move(filter), step = std::move(step)]() -> Result<RoomsPage> {
    return sessions_.share_backlog(filter, step);
  });
}

}  // namespace parley::fakes
