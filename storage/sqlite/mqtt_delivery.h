#pragma once

// What sessions say while they deliver: cursors, packet identifiers, claims. Inside a transaction.

#include "storage/mqtt_store.h"
#include "storage/sqlite/connection.h"

namespace parley::sqlite {

Result<std::vector<Status>> save_sessions(Connection& connection, const std::vector<SessionSave>& saves);
Result<std::vector<Result<std::vector<SeqRange>>>> claim_entries(Connection& connection,
                                                                 const std::vector<ClaimRequest>& requests);
Result<std::vector<ShareClaims>> list_claims(Connection& connection, SessionKey key);

// ---- the part of an append. nullopt: the packet is new and the session is the sender's.
std::optional<Result<Appended>> find_inbound(Connection& connection, const InboundPacket& packet);
void put_inbound(Connection& connection, const InboundPacket& packet, const Appended& appended);

}  // namespace parley::sqlite
