#pragma once

// What MQTT sessions say while they deliver: cursors, packet identifiers, claims (storage/sql/postgres/008_mqtt_delivery.sql).

#include <memory>

#include "storage/mqtt_store.h"
#include "storage/postgres/call.h"

namespace parley::postgres {

std::unique_ptr<Call> save_sessions(const std::string& replica, std::vector<SessionSave> saves, Reply<std::vector<Status>> done);
// `token`: 16 bytes that no other call has.
std::unique_ptr<Call> claim_entries(const std::string& replica, std::vector<ClaimRequest> requests, std::string token,
                                    Reply<std::vector<Result<std::vector<SeqRange>>>> done);
std::unique_ptr<Call> list_claims(SessionKey session, Reply<std::vector<ShareClaims>> done);

}  // namespace parley::postgres
