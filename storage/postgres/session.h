#pragma once

// A connection on a thread that may block: for opening, migrating, and whatever a fresh connection needs before the loop has it.
// Every wait ends at a deadline, and at once when another thread interrupts.

#include <libpq-fe.h>

#include <memory>
#include <string>

#include "broker/base/result.h"
#include "broker/base/time.h"
#include "storage/postgres/params.h"
#include "storage/postgres/rows.h"
#include "storage/postgres/settings.h"

namespace parley::postgres {

struct CloseConnection {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
using ConnectionPtr = std::unique_ptr<PGconn, CloseConnection>;

// Ends the waits of sessions. Any thread.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;
  void raise();
  int fd() const { return fd_; }

 private:
  int fd_;
};

class Session {
 public:
  // Connects to a server that takes writes. unavailable when none can be reached in time; bad_request when the URL or the
  // password file is at fault; unauthorized when the server refuses the user.
  static Result<Session> connect(const PostgresSettings& settings, const Interrupt* interrupt);

  // One statement with parameters.
  Result<Rows> ask(const char* sql, const Params& params = {});
  // Several statements without results.
  Status run(const std::string& sql);
  ConnectionPtr release() { return std::move(connection_); }

 private:
  Session(ConnectionPtr connection, MonoMs timeout_ms, const Interrupt* interrupt)
      : connection_(std::move(connection)), timeout_ms_(timeout_ms), interrupt_(interrupt) {}
  // The last result of what was sent; errors are Failures.
  Result<ResultPtr> finish(bool sent);

  ConnectionPtr connection_;
  MonoMs timeout_ms_;
  const Interrupt* interrupt_;
};

// The URL without its password, for people. bad_request when libpq cannot read it.
Status check_url(const std::string& url);

}  // namespace parley::postgres
