#pragma once

// Real PostgreSQL servers for tests (tests/support/postgres), and databases in them.

#include <memory>
#include <string>
#include <vector>

namespace parley::support {

// A server of its own, gone with the object.
class PostgresServer {
 public:
  // `settings`: "name=value". Aborts when there is no server to be had.
  explicit PostgresServer(const std::vector<std::string>& settings = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // The one that the test's surroundings have started (CTest), else one for this process.
  static std::string shared_url();

  const std::string& url() const { return url_; }
  int port() const;
  void kill_hard();  // SIGKILL to the server and all its processes
  void start_again();
  void freeze();  // SIGSTOP to all its processes
  void thaw();

 private:
  void signal_all(int signal) const;
  int server_pid() const;

  std::string folder_;
  std::string settings_;
  std::string url_;
};

// A fresh database with parley's schema, dropped with the object.
class PostgresDatabase {
 public:
  explicit PostgresDatabase(const std::string& server_url);
  ~PostgresDatabase();
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;

  const std::string& url() const { return url_; }
  std::string url_at_port(int port) const;  // the same through a proxy
  // Runs statements; aborts when they fail. Answers the first column of the first row, "" without one.
  std::string run(const std::string& sql) const;

 private:
  std::string server_;
  std::string name_;
  std::string url_;
};

// Waits for nothing: one connection, several statements, the first value.
std::string run_sql(const std::string& url, const std::string& sql);

}  // namespace parley::support
