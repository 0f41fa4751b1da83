#include "storage/postgres/link.h"

#include "broker/base/log.h"

namespace parley::postgres {

namespace {

// A literal's address names its statement on the server.
std::string name_of(const char* sql) { return "p" + std::to_string(reinterpret_cast<std::uintptr_t>(sql)); }

}  // namespace

Link::Link(net::Loop& loop, ConnectionPtr connection, LinkEvents& events)
    : connection_(std::move(connection)),
      events_(events),
      poll_(std::make_unique<net::Poll>(loop, PQsocket(connection_.get()), [this](net::Poll::Ready ready) { on_ready(ready); })) {
  PQsetNoticeReceiver(connection_.get(), receive_notice, this);
  poll_->want(true, false);
}

Link::~Link() { retire(); }

void Link::retire() {
  *alive_ = false;
  poll_.reset();
}

bool Link::send(const char* sql, const Params& params) {
  PGconn* connection = connection_.get();
  const std::string name = name_of(sql);
  params.pointers(values_, lengths_, formats_);
  bool sent = true;
  if (prepared_.insert(sql).second) sent = PQsendPrepare(connection, name.c_str(), sql, 0, nullptr) == 1;
  sent = sent &&
         PQsendQueryPrepared(connection, name.c_str(), params.count(), values_.data(), lengths_.data(), formats_.data(), 1) == 1;
  sent = sent && PQpipelineSync(connection) == 1;
  ++under_way_;
  return sent && flush();
}

bool Link::flush() {
  const int left = PQflush(connection_.get());
  if (left < 0) return false;
  poll_->want(true, left > 0);
  return true;
}

void Link::on_ready(net::Poll::Ready ready) {
  if (!*alive_) return;
  if (ready.error != 0) return lost(lost_connection(connection_.get()));
  if (PQconsumeInput(connection_.get()) == 0) {
    // What came before the end may hold answers, and says why it ended.
    if (take_results()) lost(lost_connection(connection_.get()));
    return;
  }
  if (!take_results()) return;
  if (PQstatus(connection_.get()) == CONNECTION_BAD || !flush()) lost(lost_connection(connection_.get()));
}

// A statement's results end with those of its sync; in between a NULL ends each of its messages.
bool Link::take_results() {
  PGconn* connection = connection_.get();
  while (PQisBusy(connection) == 0) {
    ResultPtr next(PQgetResult(connection));
    if (next == nullptr) {
      if (under_way_ == 0 || PQstatus(connection) == CONNECTION_BAD) return true;
      continue;
    }
    const ExecStatusType status = PQresultStatus(next.get());
    const bool failed_already = result_ != nullptr && PQresultStatus(result_.get()) == PGRES_FATAL_ERROR;
    if (status != PGRES_PIPELINE_SYNC) {
      if (status == PGRES_FATAL_ERROR) {
        const Failure failure = describe_failure(next.get());
        if (failure.fault == Fault::lost) {
          lost(failure);
          return false;
        }
      }
      if (status != PGRES_PIPELINE_ABORTED && !failed_already) result_ = std::move(next);
      continue;
    }
    if (doubtful_) {
      lost({Fault::lost, {Code::unavailable, "a commit did not reach its synchronous standby"}, false});
      return false;
    }
    --under_way_;
    ResultPtr done = std::move(result_);
    const std::shared_ptr<bool> alive = alive_;
    if (done == nullptr || PQresultStatus(done.get()) == PGRES_FATAL_ERROR) {
      const Failure failure = done == nullptr ? Failure{} : describe_failure(done.get());
      events_.on_done(failure.error, failure);
    } else {
      events_.on_done(Rows(std::move(done)), std::nullopt);
    }
    if (!*alive) return false;
  }
  return true;
}

void Link::lost(const Failure& failure) { events_.on_lost(failure); }

// A wait for a synchronous standby that an operator cancels ends the call well, but for this warning; the commit is then not
// where it should be.
void Link::receive_notice(void* self, const PGresult* notice) {
  const char* from = PQresultErrorField(notice, PG_DIAG_SOURCE_FUNCTION);
  const char* text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
  log::warn("PostgreSQL warns", {{"text", text == nullptr ? "" : text}});
  if (from != nullptr && std::string_view(from) == "SyncRepWaitForLSN") static_cast<Link*>(self)->doubtful_ = true;
}

}  // namespace parley::postgres
