#include "tests/support/postgres_server.h"

#include <libpq-fe.h>
#include <signal.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "storage/postgres/postgres_store.h"

namespace parley::support {

namespace {

[[noreturn]] void give_up(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

// The first line that a command prints.
std::string output_of(const std::string& command) {
  FILE* pipe = ::popen(command.c_str(), "r");
  if (pipe == nullptr) give_up("cannot run " + command);
  std::array<char, 512> line{};
  const bool said = std::fgets(line.data(), line.size(), pipe) != nullptr;
  const int status = ::pclose(pipe);
  if (status != 0) give_up(command + " failed");
  std::string text = said ? line.data() : "";
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

std::string replace_path(const std::string& url, const std::string& database) {
  return url.substr(0, url.rfind('/') + 1) + database;
}

std::vector<int> children_of(int parent) {
  std::vector<int> out;
  std::ifstream list("/proc/" + std::to_string(parent) + "/task/" + std::to_string(parent) + "/children");
  for (int pid = 0; list >> pid;) out.push_back(pid);
  return out;
}

}  // namespace

std::string run_sql(const std::string& url, const std::string& sql) {
  const std::unique_ptr<PGconn, void (*)(PGconn*)> connection(PQconnectdb(url.c_str()), PQfinish);
  const std::unique_ptr<PGresult, void (*)(PGresult*)> result(PQexec(connection.get(), sql.c_str()), PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) give_up(sql + ": " + PQerrorMessage(connection.get()));
  return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : "";
}

PostgresServer::PostgresServer(const std::vector<std::string>& settings) {
  std::string folder = (std::filesystem::temp_directory_path() / "parley-pg-XXXXXX").string();
  folder_ = ::mkdtemp(folder.data());
  for (const std::string& each : settings) settings_ += " -c " + each;
  url_ = output_of(std::string(PARLEY_TEST_POSTGRES) + " start " + folder_ + settings_);
}

PostgresServer::~PostgresServer() {
  thaw();
  (void)output_of(std::string(PARLEY_TEST_POSTGRES) + " stop " + folder_);
}

std::string PostgresServer::shared_url() {
  std::ifstream file(PARLEY_TEST_POSTGRES_FILE);
  std::string url;
  if (std::getline(file, url) && PQping(url.c_str()) == PQPING_OK) return url;
  static PostgresServer own;
  return own.url();
}

int PostgresServer::port() const {
  int port = 0;
  std::ifstream(folder_ + "/port") >> port;
  return port;
}

int PostgresServer::server_pid() const {
  int pid = 0;
  std::ifstream(folder_ + "/data/postmaster.pid") >> pid;
  return pid;
}

void PostgresServer::signal_all(int signal) const {
  const int server = server_pid();
  if (server <= 0) return;
  const std::vector<int> children = children_of(server);
  ::kill(server, signal);  // first, so that it starts no more of them
  for (const int child : children) ::kill(child, signal);
}

void PostgresServer::kill_hard() { signal_all(SIGKILL); }
void PostgresServer::start_again() { (void)output_of(std::string(PARLEY_TEST_POSTGRES) + " again " + folder_ + settings_); }
void PostgresServer::freeze() { signal_all(SIGSTOP); }
void PostgresServer::thaw() { signal_all(SIGCONT); }

PostgresDatabase::PostgresDatabase(const std::string& server_url) : server_(server_url) {
  static std::atomic<int> count = 0;
  // One template per server and build; whoever is first makes it while the others wait.
  const std::string templ = "parley_template";
  const std::unique_ptr<PGconn, void (*)(PGconn*)> lock(PQconnectdb(server_.c_str()), PQfinish);
  PQclear(PQexec(lock.get(), "SELECT pg_advisory_lock(1)"));
  if (run_sql(server_, "SELECT count(*) FROM pg_database WHERE datname = '" + templ + "'") == "0") {
    (void)run_sql(server_, "CREATE DATABASE " + templ + "_new");
    PostgresSettings settings;
    settings.url = replace_path(server_, templ + "_new");
    if (auto made = migrate_postgres(settings); !made.ok()) give_up(made.error().message);
    (void)run_sql(server_, "ALTER DATABASE " + templ + "_new RENAME TO " + templ);
  }
  PQclear(PQexec(lock.get(), "SELECT pg_advisory_unlock(1)"));
  name_ = "t_" + std::to_string(::getpid()) + "_" + std::to_string(++count);
  (void)run_sql(server_, "CREATE DATABASE " + name_ + " TEMPLATE " + templ);
  url_ = replace_path(server_, name_);
}

PostgresDatabase::~PostgresDatabase() { (void)run_sql(server_, "DROP DATABASE " + name_ + " WITH (FORCE)"); }

std::string PostgresDatabase::url_at_port(int port) const {
  const std::size_t slash = url_.rfind('/');
  const std::size_t colon = url_.rfind(':', slash);
  return url_.substr(0, colon + 1) + std::to_string(port) + url_.substr(slash);
}

std::string PostgresDatabase::run(const std::string& sql) const { return run_sql(url_, "SET search_path = parley; " + sql); }

}  // namespace parley::support
