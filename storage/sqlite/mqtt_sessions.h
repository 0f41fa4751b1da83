#pragma once

// The life of MQTT sessions: made, taken over, left, expired. Inside a transaction.

#include "storage/mqtt_store.h"
#include "storage/sqlite/connection.h"

namespace parley::sqlite {

// conflict (is_session_lost) when the key is not the session's any more.
Status check_session(Connection& connection, SessionKey key);

Result<SessionOpened> open_session(Connection& connection, const SessionOpening& opening, UnixMs now);
Result<std::vector<DueWill>> close_session(Connection& connection, SessionKey key, std::optional<std::uint32_t> expiry_s,
                                           bool drop_will, UnixMs now);
Result<SessionInfo> find_session(Connection& connection, const std::string& client_id);

Status renew_lease(Connection& connection, const std::string& owner, UnixMs until);
// One process owns the file: leases of earlier ones are over.
void forget_leases(Connection& connection);

Result<Swept> sweep_sessions(Connection& connection, UnixMs now, unsigned rows_max);

}  // namespace parley::sqlite
