#pragma once

// Accounts and logins. One object of the log loop; workers reach it through Remote<Accounts>.
//
// A login is a family of refresh tokens, each used once (RFC 9700 §4.14.2): whoever uses one a second time has stolen it or was
// stolen from, so the whole login ends. Only digests of refresh tokens are stored.

#include <optional>
#include <string>

#include "broker/base/random.h"
#include "broker/base/time.h"
#include "http/api/attempts.h"
#include "http/api/hasher.h"
#include "storage/store.h"

namespace parley::api {

struct AccountSettings {
  bool registration = true;                        // whether people may register themselves
  UnixMs refresh_lifetime_ms = 30LL * 86'400'000;  // of one refresh token; a login that is used goes on for ever
  AttemptSettings failures_per_name{20, 30'000, 10'000};
  AttemptSettings failures_per_address{100, 3'000, 10'000};
  AttemptSettings registrations_per_address{0, 60'000, 10'000};
};

struct Credentials {
  std::string name;
  std::string password;
  std::string peer;  // the client's address
};

// What a login begins or goes on with.
struct Grant {
  SubjectPtr subject;
  std::string refresh_token;
  UnixMs refresh_expires = 0;
};

struct AccountCounters {
  std::uint64_t registered = 0;
  std::uint64_t logins = 0;
  std::uint64_t failed_logins = 0;
  std::uint64_t limited = 0;  // refused because of too many failures or registrations
  std::uint64_t reused_refresh_tokens = 0;
};

class Accounts {
 public:
  // Told the name of a login that ended: its sessions are to be closed (Log::revoke_login).
  using Revoked = UniqueFunction<void(const std::string& login)>;

  // All of them outlive the last callback; `store` and `hasher` belong to the same thread.
  Accounts(Store& store, Hasher& hasher, Random& random, const Clock& clock, AccountSettings settings, Revoked revoked);
  Accounts(const Accounts&) = delete;
  Accounts& operator=(const Accounts&) = delete;

  // Replies come later or inside the call. Every method may also answer unavailable or internal.

  // bad_request (name or password against the rules), forbidden (no registration, reserved name), conflict (taken), rate_limited.
  void register_account(Credentials credentials, Reply<Grant> done);
  // unauthorized (the same words and time for an unknown name and a wrong password), rate_limited.
  void login(Credentials credentials, Reply<Grant> done);
  // The same, for a client that shows its password each time: no refresh token is made.
  void check(Credentials credentials, Reply<SubjectPtr> done);
  // The token is replaced by the answer's. unauthorized when it is unknown, expired or used before.
  void refresh(const std::string& refresh_token, Reply<Grant> done);
  // Ends the login. ok for an unknown token too: the caller is logged out either way.
  void logout(const std::string& refresh_token, Reply<Nothing> done);

  const AccountSettings& settings() const { return settings_; }
  const AccountCounters& counters() const { return counters_; }

 private:
  struct Attempt;  // a login under way
  void verify(Credentials credentials, Reply<Account> done);
  void check_login(Attempt attempt, Result<Account> found);
  void finish_login(Attempt attempt, Account account, const Result<bool>& matches);
  void create(Account account, Reply<Grant> done);
  void start_family(const Account& account, Reply<Grant> done);
  void give_back(const Attempt& attempt);
  std::string new_refresh_token();

  Store& store_;
  Hasher& hasher_;
  Random& random_;
  const Clock& clock_;
  AccountSettings settings_;
  Revoked revoked_;
  Attempts failures_per_name_;
  Attempts failures_per_address_;
  Attempts registrations_per_address_;
  AccountCounters counters_;
};

}  // namespace parley::api
