#include "storage/sqlite/accounts.h"

#include "storage/ascii.h"

namespace parley::sqlite {

namespace {

Result<Account> to_account(Query& query) {
  if (!query.row()) return {Code::not_found, "no such user"};
  return Account{query.text(0), query.text(1), query.text(2), query.integer(3)};
}

void revoke_family(Connection& connection, const std::string& family) {
  Query(connection, "DELETE FROM refresh WHERE family=?", family).run();
}

// Whether the token is there and nobody has used it.
bool is_unused(Connection& connection, const std::string& hash) {
  Query query(connection, "SELECT 1 FROM refresh WHERE hash=? AND replaced=0", hash);
  return query.row();
}

void supersede(Connection& connection, const std::string& hash) {
  Query(connection, "UPDATE refresh SET replaced=1 WHERE hash=?", hash).run();
}

}  // namespace

Status create_account(Connection& connection, const Account& account) {
  bool repeated = false;
  const std::string folded = ascii_lower(account.name);
  Query(connection, "INSERT INTO accounts(id, name, folded, password_hash, created) VALUES(?,?,?,?,?)", account.id, account.name,
        folded, account.password_hash, account.created)
      .run_unless_repeated(repeated);
  if (repeated) return {Code::conflict, "the name is taken"};
  return ok_status();
}

Result<Account> find_account(Connection& connection, const std::string& id) {
  Query query(connection, "SELECT id, name, password_hash, created FROM accounts WHERE id=?", id);
  return to_account(query);
}

Result<Account> find_account_by_name(Connection& connection, const std::string& name) {
  const std::string folded = ascii_lower(name);
  Query query(connection, "SELECT id, name, password_hash, created FROM accounts WHERE folded=?", folded);
  return to_account(query);
}

Status put_refresh(Connection& connection, const RefreshToken& token) {
  Query(connection, "INSERT OR REPLACE INTO refresh(hash, family, user_id, expires) VALUES(?,?,?,?)", token.hash, token.family,
        token.user_id, token.expires)
      .run();
  return ok_status();
}

Result<RefreshToken> rotate_refresh(Connection& connection, const std::string& old_hash, const RefreshToken& next, UnixMs now) {
  RefreshToken old;
  bool replaced = false;
  std::string successor;
  {
    Query query(connection, "SELECT hash, family, user_id, expires, replaced, successor FROM refresh WHERE hash=?", old_hash);
    if (!query.row()) return {Code::unauthorized, "unknown or revoked refresh token"};
    old = {query.text(0), query.text(1), query.text(2), query.integer(3)};
    replaced = query.integer(4) != 0;
    successor = query.text(5);
  }
  if (replaced && !is_unused(connection, successor)) {
    revoke_family(connection, old.family);
    return {Code::conflict, old.family};
  }
  if (old.expires <= now) return {Code::unauthorized, "the refresh token has expired"};
  if (replaced) supersede(connection, successor);
  Query(connection, "UPDATE refresh SET replaced=1, successor=? WHERE hash=?", next.hash, old_hash).run();
  (void)put_refresh(connection, {next.hash, old.family, old.user_id, next.expires});
  return old;
}

Result<std::string> revoke_refresh(Connection& connection, const std::string& hash) {
  std::string family;
  {
    Query query(connection, "SELECT family FROM refresh WHERE hash=?", hash);
    if (!query.row()) return {Code::not_found, "unknown refresh token"};
    family = query.text(0);
  }
  revoke_family(connection, family);
  return family;
}

void prune_refresh(Connection& connection, UnixMs now, unsigned rows_max) {
  Query(connection, "DELETE FROM refresh WHERE hash IN (SELECT hash FROM refresh WHERE expires<=? LIMIT ?)", now, rows_max).run();
}

}  // namespace parley::sqlite
