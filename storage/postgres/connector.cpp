#include "storage/postgres/connector.h"

#include "storage/postgres/schema.h"

namespace parley::postgres {

namespace {

// An append and what else changes something: plans are made once, over arrays and by keys, whatever the tables' size was at that
// time.
std::string set_up(Duty duty, const PostgresSettings& settings) {
  std::string sql = "SET search_path = parley; SET client_min_messages = warning; SET jit = off; SET statement_timeout = " +
                    std::to_string(settings.statement_timeout_ms) +
                    "; SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
  if (duty != Duty::read) {
    sql +=
        "; SET plan_cache_mode = force_generic_plan; SET enable_seqscan = off; SET enable_hashjoin = off; SET enable_mergejoin = "
        "off";
  }
  return sql;
}

Result<Opened> open_connection(Duty duty, const PostgresSettings& settings, const std::string& replica,
                               const Interrupt& interrupt) {
  auto session = Session::connect(settings, &interrupt);
  if (!session.ok()) return session.error();
  if (auto status = session->run(set_up(duty, settings)); !status.ok()) return status.error();
  Opened opened;
  if (duty == Duty::append) {
    const std::string fresh = new_epoch();
    auto rows = session->ask("SELECT settle_epoch($1::text)", Params().bytes(fresh));
    if (!rows.ok()) return rows.error();
    opened.epoch = rows->text(0, 0);
  }
  if (duty == Duty::append || duty == Duty::mqtt) {
    // Waits for a call of an older connection that is still running; a call that has not begun will fail.
    auto rows = session->ask("SELECT raise_generation($1)", Params().bytes(fenced_name(duty, replica)));
    if (!rows.ok()) return rows.error();
    opened.generation = rows->integer(0, 0);
  }
  opened.connection = session->release();
  if (PQsetnonblocking(opened.connection.get(), 1) != 0 || PQenterPipelineMode(opened.connection.get()) != 1) {
    return lost_connection(opened.connection.get()).error;
  }
  return opened;
}

}  // namespace

std::string fenced_name(Duty duty, std::string replica) {
  if (duty == Duty::mqtt) replica.back() = static_cast<char>(static_cast<unsigned char>(replica.back()) ^ 1U);
  return replica;
}

Connector::Connector(net::Loop& loop, PostgresSettings settings, std::string replica)
    : loop_(loop), settings_(std::move(settings)), replica_(std::move(replica)) {}

Connector::~Connector() {
  *alive_ = false;
  {
    const std::lock_guard lock(mutex_);
    waiting_.clear();
  }
  interrupt_.raise();
}

Result<Opened> Connector::open_now(Duty duty) { return open_connection(duty, settings_, replica_, interrupt_); }

void Connector::open(Duty duty, Done done) {
  {
    const std::lock_guard lock(mutex_);
    waiting_.push_back({duty, std::move(done)});
  }
  thread_.post([this] { work(); });
}

void Connector::work() {
  Wanted wanted{};
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.empty()) return;
    wanted = std::move(waiting_.front());
    waiting_.pop_front();
  }
  Result<Opened> opened = open_connection(wanted.duty, settings_, replica_, interrupt_);
  std::deque<Wanted> answered;
  if (!opened.ok()) {
    const std::lock_guard lock(mutex_);
    answered.swap(waiting_);
  }
  answered.push_front(std::move(wanted));
  loop_.post([alive = alive_, answered = std::move(answered), opened = std::move(opened)]() mutable {
    if (!*alive) return;
    if (opened.ok()) return answered.front().done(std::move(opened));
    for (Wanted& each : answered) {
      if (*alive) each.done(opened.error());
    }
  });
}

}  // namespace parley::postgres
