#include "http/api/accounts.h"

#include <utility>

#include "broker/base/log.h"
#include "http/api/bytes.h"
#include "http/api/names.h"

namespace parley::api {

namespace {

constexpr std::size_t refresh_token_bytes = 32;
constexpr std::size_t refresh_token_chars = 43;  // of them in base64url
constexpr unsigned id_chars = 20;                // 100 bits

Error wrong_credentials() { return {Code::unauthorized, "wrong name or password"}; }
Error refused_refresh() { return {Code::unauthorized, "the login has ended; log in again"}; }

SubjectPtr make_subject(const Account& account, std::string_view login) {
  return std::make_shared<const Subject>(Subject{account.id, account.name, false, SharedText(login)});
}

}  // namespace

struct Accounts::Attempt {
  std::string name_key;
  std::string address_key;
  std::string password;
  Reply<Account> done;
};

Accounts::Accounts(Store& store, Hasher& hasher, Random& random, const Clock& clock, AccountSettings settings, Revoked revoked)
    : store_(store),
      hasher_(hasher),
      random_(random),
      clock_(clock),
      settings_(settings),
      revoked_(std::move(revoked)),
      failures_per_name_(settings.failures_per_name),
      failures_per_address_(settings.failures_per_address),
      registrations_per_address_(settings.registrations_per_address) {}

std::string Accounts::new_refresh_token() { return base64url(random_bytes(random_, refresh_token_bytes)); }

// ---- registering

void Accounts::register_account(Credentials credentials, Reply<Grant> done) {
  if (!settings_.registration) return done({Code::forbidden, "registration is closed on this server"});
  Status name = check_user_name(credentials.name);
  if (!name) return done(name.error());
  Status password = check_password(credentials.password);
  if (!password) return done(password.error());
  if (is_reserved_name(credentials.name)) return done({Code::forbidden, "this name is reserved; choose another one"});
  if (!registrations_per_address_.take(address_key(credentials.peer), clock_.mono_ms())) {
    ++counters_.limited;
    return done({Code::rate_limited, "too many registrations from this address; try again later"});
  }
  // Asked before hashing, which is dear; create_account decides.
  std::string wanted = credentials.name;
  store_.find_account_by_name(std::move(wanted), [this, credentials = std::move(credentials),
                                                  done = std::move(done)](const Result<Account>& found) mutable {
    if (found) return done({Code::conflict, "this name is taken; choose another one"});
    if (found.error().code != Code::not_found) return done(found.error());
    hasher_.hash(std::move(credentials.password), [this, name = std::move(credentials.name),
                                                   done = std::move(done)](Result<std::string> hash) mutable {
      if (!hash) return done(hash.error());
      create({"u_" + random_.id(id_chars), std::move(name), std::move(hash).value(), clock_.unix_ms()}, std::move(done));
    });
  });
}

void Accounts::create(Account account, Reply<Grant> done) {
  Account copy = account;
  store_.create_account(std::move(copy),
                        [this, account = std::move(account), done = std::move(done)](const Result<Nothing>& created) mutable {
                          if (!created && created.error().code == Code::conflict)
                            return done({Code::conflict, "this name is taken; choose another one"});
                          if (!created) return done(created.error());
                          ++counters_.registered;
                          start_family(account, std::move(done));
                        });
}

// ---- logging in

void Accounts::login(Credentials credentials, Reply<Grant> done) {
  verify(std::move(credentials), [this, done = std::move(done)](const Result<Account>& account) mutable {
    if (!account) return done(account.error());
    start_family(*account, std::move(done));
  });
}

void Accounts::check(Credentials credentials, Reply<SubjectPtr> done) {
  verify(std::move(credentials), [done = std::move(done)](const Result<Account>& account) mutable {
    if (!account) return done(account.error());
    done(make_subject(*account, {}));
  });
}

void Accounts::verify(Credentials credentials, Reply<Account> done) {
  // What cannot be a name or password has no account, which is no secret: it is not hashed.
  if (!check_user_name(credentials.name) || credentials.password.size() > password_bytes_max) {
    ++counters_.failed_logins;
    return done(wrong_credentials());
  }
  Attempt attempt{fold_case(credentials.name), address_key(credentials.peer), std::move(credentials.password), std::move(done)};
  const MonoMs now = clock_.mono_ms();
  const bool address_may = failures_per_address_.take(attempt.address_key, now);
  if (!address_may || !failures_per_name_.take(attempt.name_key, now)) {
    if (address_may) failures_per_address_.give_back(attempt.address_key);
    ++counters_.limited;
    return attempt.done({Code::rate_limited, "too many failed logins; try again later"});
  }
  store_.find_account_by_name(std::move(credentials.name), [this, attempt = std::move(attempt)](Result<Account> found) mutable {
    check_login(std::move(attempt), std::move(found));
  });
}

void Accounts::check_login(Attempt attempt, Result<Account> found) {
  if (!found && found.error().code != Code::not_found) {
    give_back(attempt);
    return attempt.done(found.error());
  }
  // Without an account the hash is empty, and verifying takes the same time.
  Account account = found ? std::move(found).value() : Account{};
  std::string hash = account.password_hash;
  std::string password = std::move(attempt.password);
  hasher_.verify(std::move(hash), std::move(password),
                 [this, attempt = std::move(attempt), account = std::move(account)](const Result<bool>& matches) mutable {
                   finish_login(std::move(attempt), std::move(account), matches);
                 });
}

void Accounts::finish_login(Attempt attempt, Account account, const Result<bool>& matches) {
  if (!matches) {
    give_back(attempt);
    return attempt.done(matches.error());
  }
  if (!*matches) {
    ++counters_.failed_logins;
    return attempt.done(wrong_credentials());
  }
  give_back(attempt);
  ++counters_.logins;
  attempt.done(std::move(account));
}

void Accounts::give_back(const Attempt& attempt) {
  failures_per_name_.give_back(attempt.name_key);
  failures_per_address_.give_back(attempt.address_key);
}

void Accounts::start_family(const Account& account, Reply<Grant> done) {
  Grant grant;
  grant.refresh_token = new_refresh_token();
  grant.refresh_expires = clock_.unix_ms() + settings_.refresh_lifetime_ms;
  grant.subject = make_subject(account, random_.id(id_chars));
  RefreshToken token{digest(grant.refresh_token), grant.subject->login.str(), account.id, grant.refresh_expires};
  store_.put_refresh(std::move(token), [grant = std::move(grant), done = std::move(done)](const Result<Nothing>& put) mutable {
    if (!put) return done(put.error());
    done(std::move(grant));
  });
}

// ---- going on and ending

void Accounts::refresh(const std::string& refresh_token, Reply<Grant> done) {
  if (refresh_token.size() != refresh_token_chars) return done(refused_refresh());
  Grant grant;
  grant.refresh_token = new_refresh_token();
  grant.refresh_expires = clock_.unix_ms() + settings_.refresh_lifetime_ms;
  RefreshToken next{digest(grant.refresh_token), {}, {}, grant.refresh_expires};
  store_.rotate_refresh(digest(refresh_token), std::move(next), clock_.unix_ms(),
                        [this, grant = std::move(grant), done = std::move(done)](Result<RefreshToken> old) mutable {
                          if (!old && old.error().code == Code::conflict) {
                            ++counters_.reused_refresh_tokens;
                            log::warn("a refresh token was used twice, its login is revoked", {{"login", old.error().message}});
                            revoked_(old.error().message);
                            return done(refused_refresh());
                          }
                          if (!old && old.error().code == Code::unauthorized) return done(refused_refresh());
                          if (!old) return done(old.error());
                          store_.find_account(old->user_id, [grant = std::move(grant), family = old->family,
                                                             done = std::move(done)](Result<Account> account) mutable {
                            if (!account && account.error().code == Code::not_found) return done(refused_refresh());
                            if (!account) return done(account.error());
                            grant.subject = make_subject(*account, std::move(family));
                            done(std::move(grant));
                          });
                        });
}

void Accounts::logout(const std::string& refresh_token, Reply<Nothing> done) {
  if (refresh_token.size() != refresh_token_chars) return done(Nothing{});
  store_.revoke_refresh(digest(refresh_token), [this, done = std::move(done)](Result<std::string> family) mutable {
    if (!family && family.error().code == Code::not_found) return done(Nothing{});
    if (!family) return done(family.error());
    revoked_(*family);
    done(Nothing{});
  });
}

}  // namespace parley::api
