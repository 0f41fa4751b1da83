#pragma once

// Accounts and refresh tokens. Each function runs inside a transaction of its caller.

#include "storage/sqlite/connection.h"
#include "storage/store.h"

namespace parley::sqlite {

// ---- on the writer's connection
Status create_account(Connection& connection, const Account& account);
Status put_refresh(Connection& connection, const RefreshToken& token);
Result<RefreshToken> rotate_refresh(Connection& connection, const std::string& old_hash, const RefreshToken& next, UnixMs now);
Result<std::string> revoke_refresh(Connection& connection, const std::string& hash);
// Forgets at most `rows_max` tokens that have expired.
void prune_refresh(Connection& connection, UnixMs now, unsigned rows_max);

// ---- on a read-only connection
Result<Account> find_account(Connection& connection, const std::string& id);
Result<Account> find_account_by_name(Connection& connection, const std::string& name);

}  // namespace parley::sqlite
