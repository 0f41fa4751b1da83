#pragma once

// One row of mqtt_sessions and what happens to it (mqtt_sessions.cpp, mqtt_sweep.cpp).

#include "storage/mqtt_store.h"
#include "storage/sqlite/connection.h"

namespace parley::sqlite {

struct SessionRow {
  SessionKey key;
  std::string client_id;
  std::string user_id;
  std::string owner;  // empty: not connected
  std::uint32_t expiry_s = 0;
  UnixMs expires = 0;        // when not connected
  bool interrupted = false;  // its last owner died

  bool connected() const { return !owner.empty(); }
};

std::optional<SessionRow> find_row(Connection& connection, const std::string& client_id);
std::optional<SessionRow> find_row(Connection& connection, SessionKey key);

// When the lease of a connected session's owner ended; nullopt while it has not.
std::optional<UnixMs> lease_end(Connection& connection, const std::string& owner, UnixMs now);

// The connection ended at `at`: the session stays until it expires.
void disconnect_row(Connection& connection, SessionRow& row, UnixMs at);
// Its owner died: as disconnected, and the owner's key is worth nothing any more.
void lapse_row(Connection& connection, SessionRow& row, UnixMs at);
// The session is gone for everybody; its rows are removed by sweep_sessions().
void end_row(Connection& connection, const SessionRow& row, UnixMs now);

}  // namespace parley::sqlite
