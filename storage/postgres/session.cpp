#include "storage/postgres/session.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <chrono>
#include <fstream>
#include <map>

namespace parley::postgres {

namespace {

using Steady = std::chrono::steady_clock;
using Words = std::map<std::string, std::string>;

struct FreeOptions {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};

Result<Words> parse_url(const std::string& url) {
  char* complaint = nullptr;
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(PQconninfoParse(url.c_str(), &complaint));
  if (options == nullptr) {
    PQfreemem(complaint);  // it may quote the password
    return {Code::bad_request,
            "the database URL cannot be read; it looks like postgres://USER@HOST:PORT/DATABASE?sslmode=verify-full"};
  }
  Words words;
  for (const PQconninfoOption* each = options.get(); each->keyword != nullptr; ++each) {
    if (each->val != nullptr) words[each->keyword] = each->val;
  }
  return words;
}

Status read_password(const std::string& path, Words& words) {
  if (path.empty()) return ok_status();
  std::ifstream file(path);
  std::string password;
  if (!std::getline(file, password)) {
    return {Code::bad_request, "the password file " + path + " cannot be read or is empty: check --database-password-file"};
  }
  words["password"] = password;
  return ok_status();
}

// What the URL leaves open and we do not leave to libpq: a dead peer is noticed in seconds, and a standby is no place for us.
void add_defaults(Words& words) {
  for (const auto& [key, value] : {std::pair{"application_name", "parley"},
                                   {"target_session_attrs", "read-write"},
                                   {"keepalives_idle", "10"},
                                   {"keepalives_interval", "5"},
                                   {"keepalives_count", "3"},
                                   {"tcp_user_timeout", "15000"}}) {
    words.try_emplace(key, value);
  }
}

MonoMs connect_timeout(const Words& words, MonoMs otherwise) {
  const auto found = words.find("connect_timeout");
  if (found == words.end()) return otherwise;
  int seconds = 0;
  std::from_chars(found->second.data(), found->second.data() + found->second.size(), seconds);
  return seconds > 0 ? seconds * MonoMs{1000} : otherwise;
}

enum class Waited : unsigned char { ready, late, interrupted };

Waited wait_for(int fd, bool writable, Steady::time_point until, const Interrupt* interrupt) {
  std::array<pollfd, 2> fds{
      {{fd, static_cast<short>(writable ? POLLOUT : POLLIN), 0}, {interrupt == nullptr ? -1 : interrupt->fd(), POLLIN, 0}}};
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - Steady::now()).count();
    if (left <= 0) return Waited::late;
    const int ready = ::poll(fds.data(), fds.size(), static_cast<int>(left));
    if (ready < 0) continue;
    if (fds[1].revents != 0) return Waited::interrupted;
    if (fds[0].revents != 0) return Waited::ready;
  }
}

Error cannot_connect(const PGconn* connection) {
  std::string said = PQerrorMessage(connection);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  for (char& c : said) {
    if (c == '\n') c = ' ';
  }
  const bool refused =
      said.find("authentication failed") != std::string::npos || said.find("no password supplied") != std::string::npos;
  return {refused ? Code::unauthorized : Code::unavailable, "cannot connect to PostgreSQL: " + said};
}

}  // namespace

Interrupt::Interrupt() : fd_(::eventfd(0, EFD_CLOEXEC)) {}
Interrupt::~Interrupt() { ::close(fd_); }
void Interrupt::raise() {
  const std::uint64_t one = 1;
  (void)!::write(fd_, &one, sizeof one);
}

Status check_url(const std::string& url) {
  const auto words = parse_url(url);
  return words.ok() ? ok_status() : Status(words.error());
}

Result<Session> Session::connect(const PostgresSettings& settings, const Interrupt* interrupt) {
  auto words = parse_url(settings.url);
  if (!words.ok()) return words.error();
  if (auto status = read_password(settings.password_file, *words); !status.ok()) return status.error();
  add_defaults(*words);
  const MonoMs timeout_ms = connect_timeout(*words, settings.connect_timeout_ms);
  std::vector<const char*> keys;
  std::vector<const char*> values;
  for (const auto& [key, value] : *words) {
    keys.push_back(key.c_str());
    values.push_back(value.c_str());
  }
  keys.push_back(nullptr);
  values.push_back(nullptr);

  const auto until = Steady::now() + std::chrono::milliseconds(timeout_ms);
  ConnectionPtr connection(PQconnectStartParams(keys.data(), values.data(), 0));
  if (connection == nullptr) return {Code::unavailable, "out of memory"};
  PostgresPollingStatusType step = PQstatus(connection.get()) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING;
  while (step == PGRES_POLLING_READING || step == PGRES_POLLING_WRITING) {
    const Waited waited = wait_for(PQsocket(connection.get()), step == PGRES_POLLING_WRITING, until, interrupt);
    if (waited == Waited::interrupted) return {Code::unavailable, "interrupted"};
    if (waited == Waited::late) {
      return {Code::unavailable, "cannot connect to PostgreSQL: no answer within " + std::to_string(timeout_ms) + " ms"};
    }
    step = PQconnectPoll(connection.get());
  }
  if (step != PGRES_POLLING_OK) return cannot_connect(connection.get());
  return Session(std::move(connection), settings.statement_timeout_ms + settings.answer_grace_ms, interrupt);
}

Result<Rows> Session::ask(const char* sql, const Params& params) {
  std::vector<const char*> values;
  std::vector<int> lengths;
  std::vector<int> formats;
  params.pointers(values, lengths, formats);
  auto result = finish(
      PQsendQueryParams(connection_.get(), sql, params.count(), nullptr, values.data(), lengths.data(), formats.data(), 1) == 1);
  if (!result.ok()) return result.error();
  return Rows(std::move(*result));
}

Status Session::run(const std::string& sql) {
  auto result = finish(PQsendQuery(connection_.get(), sql.c_str()) == 1);
  return result.ok() ? ok_status() : Status(result.error());
}

Result<ResultPtr> Session::finish(bool sent) {
  if (!sent) return lost_connection(connection_.get()).error;
  const auto until = Steady::now() + std::chrono::milliseconds(timeout_ms_);
  ResultPtr last;
  for (;;) {
    while (PQisBusy(connection_.get()) == 1) {
      const Waited waited = wait_for(PQsocket(connection_.get()), false, until, interrupt_);
      if (waited == Waited::interrupted) return {Code::unavailable, "interrupted"};
      if (waited == Waited::late) return {Code::unavailable, "PostgreSQL does not answer"};
      if (PQconsumeInput(connection_.get()) == 0) return lost_connection(connection_.get()).error;
    }
    ResultPtr next(PQgetResult(connection_.get()));
    if (next == nullptr) break;
    // The first failure is the one that says why.
    if (last == nullptr || PQresultStatus(last.get()) != PGRES_FATAL_ERROR) last = std::move(next);
  }
  if (last == nullptr) return lost_connection(connection_.get()).error;
  if (PQresultStatus(last.get()) == PGRES_FATAL_ERROR) return describe_failure(last.get()).error;
  return last;
}

}  // namespace parley::postgres
