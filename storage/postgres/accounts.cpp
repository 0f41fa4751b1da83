#include "storage/postgres/accounts.h"

#include "storage/ascii.h"

namespace parley::postgres {

namespace {

constexpr const char* create_sql = "SELECT create_account($1, $2, $3, $4, $5)";
constexpr const char* by_name_sql =
    "SELECT id, name, password_hash, created FROM accounts WHERE sha256(folded) = sha256($1::bytea)";
constexpr const char* by_id_sql = "SELECT id, name, password_hash, created FROM accounts WHERE id = $1::bytea";
constexpr const char* put_sql =
    "INSERT INTO refresh (hash, family, user_id, expires) VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO UPDATE SET "
    "family = excluded.family, user_id = excluded.user_id, expires = excluded.expires, replaced = false, successor = NULL";
constexpr const char* rotate_sql = "SELECT verdict, family, user_id, expires FROM rotate_refresh($1, $2, $3, $4)";
constexpr const char* family_sql = "SELECT family FROM refresh WHERE hash = $1::bytea";
constexpr const char* revoke_sql = "DELETE FROM refresh WHERE family = $1::bytea";

Result<Account> to_account(const Rows& rows) {
  if (rows.empty()) return {Code::not_found, "no such user"};
  return Account{rows.text(0, 0), rows.text(0, 1), rows.text(0, 2), rows.integer(0, 3)};
}

}  // namespace

std::unique_ptr<Call> create_account(Account account, Reply<Nothing> done) {
  return make_call<Nothing>(
      create_sql, std::move(done),
      [account = std::move(account)](Params& out) {
        out.bytes(account.id)
            .bytes(account.name)
            .bytes(ascii_lower(account.name))
            .bytes(account.password_hash)
            .int8(account.created);
      },
      [](const Rows& rows) -> Status {
        if (!rows.truth(0, 0)) return {Code::conflict, "the name is taken"};
        return ok_status();
      });
}

std::unique_ptr<Call> find_account_by_name(std::string name, Reply<Account> done) {
  return make_call<Account>(
      by_name_sql, std::move(done), [folded = ascii_lower(name)](Params& out) { out.bytes(folded); }, to_account);
}

std::unique_ptr<Call> find_account(std::string id, Reply<Account> done) {
  return make_call<Account>(
      by_id_sql, std::move(done), [id = std::move(id)](Params& out) { out.bytes(id); }, to_account);
}

std::unique_ptr<Call> put_refresh(RefreshToken token, Reply<Nothing> done) {
  return make_call<Nothing>(
      put_sql, std::move(done),
      [token = std::move(token)](Params& out) {
        out.bytes(token.hash).bytes(token.family).bytes(token.user_id).int8(token.expires);
      },
      [](const Rows& /*rows*/) { return ok_status(); });
}

std::unique_ptr<Call> rotate_refresh(std::string old_hash, RefreshToken next, UnixMs now, Reply<RefreshToken> done) {
  return make_call<RefreshToken>(
      rotate_sql, std::move(done),
      [old_hash, next = std::move(next), now](Params& out) { out.bytes(old_hash).bytes(next.hash).int8(next.expires).int8(now); },
      [old_hash](const Rows& rows) -> Result<RefreshToken> {
        switch (rows.integer(0, 0)) {
          case 0:
            return RefreshToken{old_hash, rows.text(0, 1), rows.text(0, 2), rows.integer(0, 3)};
          case 2:
            return {Code::unauthorized, "the refresh token has expired"};
          case 3:
            return {Code::conflict, rows.text(0, 1)};
          default:
            return {Code::unauthorized, "unknown or revoked refresh token"};
        }
      });
}

std::unique_ptr<Call> find_family(std::string hash, Reply<std::string> done) {
  return make_call<std::string>(
      family_sql, std::move(done), [hash = std::move(hash)](Params& out) { out.bytes(hash); },
      [](const Rows& rows) -> Result<std::string> {
        if (rows.empty()) return {Code::not_found, "unknown refresh token"};
        return rows.text(0, 0);
      });
}

std::unique_ptr<Call> revoke_family(std::string family, Reply<std::string> done) {
  return make_call<std::string>(
      revoke_sql, std::move(done), [family](Params& out) { out.bytes(family); },
      [family](const Rows& /*rows*/) -> Result<std::string> { return family; });
}

}  // namespace parley::postgres
