#pragma once

// Accounts and refresh tokens.

#include <memory>

#include "storage/postgres/call.h"

namespace parley::postgres {

std::unique_ptr<Call> create_account(Account account, Reply<Nothing> done);
std::unique_ptr<Call> find_account_by_name(std::string name, Reply<Account> done);
std::unique_ptr<Call> find_account(std::string id, Reply<Account> done);
std::unique_ptr<Call> put_refresh(RefreshToken token, Reply<Nothing> done);
std::unique_ptr<Call> rotate_refresh(std::string old_hash, RefreshToken next, UnixMs now, Reply<RefreshToken> done);
// In two steps, so that the second may be sent again: the family of a token, and its end.
std::unique_ptr<Call> find_family(std::string hash, Reply<std::string> done);
std::unique_ptr<Call> revoke_family(std::string family, Reply<std::string> done);

}  // namespace parley::postgres
