#pragma once

// Wills of MQTT sessions. Inside a transaction, as everything in mqtt_*.

#include "storage/mqtt_store.h"
#include "storage/sqlite/connection.h"

namespace parley::sqlite {

void put_will(Connection& connection, SessionId session, const std::string& client_id, const MqttWill& will);
void drop_will(Connection& connection, SessionId session);
// Due at `at`, unless it is due earlier; it still belongs to the session.
void schedule_will(Connection& connection, SessionId session, UnixMs at, std::uint32_t expiry_s);
// Due at `now` at the latest, whatever the session does.
void release_will(Connection& connection, SessionId session, UnixMs now);
// Another connection goes on with the session: its will is fired when that is due by now, or forgotten.
void settle_will(Connection& connection, SessionId session, bool was_connected, UnixMs now);
// Whether the will is there to be fired.
bool has_will(Connection& connection, WillId will);

Result<std::vector<DueWill>> due_wills_of(Connection& connection, const std::string& client_id, UnixMs now);
Result<std::vector<DueWill>> due_wills(Connection& connection, UnixMs now, unsigned limit);
Status take_will(Connection& connection, WillId will);

// INT64_MAX when it never expires.
UnixMs seconds_later(UnixMs now, std::uint32_t seconds);

}  // namespace parley::sqlite
