#include "storage/postgres/channel.h"

#include <sodium.h>

#include <algorithm>
#include <utility>

#include "broker/base/log.h"

namespace parley::postgres {

namespace {
constexpr unsigned retries_max = 10;

std::string_view name_of(Duty duty) {
  switch (duty) {
    case Duty::append:
      return "append";
    case Duty::mqtt:
      return "mqtt";
    case Duty::change:
      return "change";
    case Duty::read:
      return "read";
  }
  return "";
}
}  // namespace

Channel::Channel(net::Loop& loop, Connector& connector, const PostgresSettings& settings, ChannelSettings duties,
                 ChannelOwner& owner)
    : loop_(loop), connector_(connector), settings_(settings), duties_(duties), owner_(owner), timer_(loop) {}

Channel::~Channel() { *alive_ = false; }

void Channel::start(Opened opened) { attach(std::move(opened)); }

void Channel::submit(std::unique_ptr<Call> call) {
  Item item;
  item.call = std::move(call);
  if (cut_off_ || waiting_.size() >= settings_.calls_waiting_max) {
    const Error error =
        cut_off_ ? Error{Code::unavailable, last_error_} : Error{Code::unavailable, "too many calls wait for the database"};
    std::deque<Item> refused;
    refused.push_back(std::move(item));
    return refuse(std::move(refused), error);
  }
  waiting_.push_back(std::move(item));
  pump();
}

void Channel::connect() {
  if (connecting_ || link_ != nullptr) return;
  connecting_ = true;
  connector_.open(duties_.duty, [this, alive = alive_](Result<Opened> opened) {
    if (*alive) on_opened(std::move(opened));
  });
}

void Channel::database_is_back() {
  if (!cut_off_ || link_ != nullptr || finishing_) return;
  if (!duties_.settles) cut_off_ = false;
  if (connecting_) {
    outdated_ = true;
  } else {
    timer_.once(0, [this] { connect(); });
  }
}

void Channel::on_opened(Result<Opened> opened) {
  connecting_ = false;
  const bool outdated = std::exchange(outdated_, false);
  if (opened.ok()) return attach(std::move(opened).value());
  if (outdated) return timer_.once(0, [this] { connect(); });
  if (!cut_off_ || last_error_ != opened.error().message) {
    log::error("storage is away", {{"connection", name_of(duties_.duty)}, {"error", opened.error().message}});
  }
  cut_off_ = true;
  last_error_ = opened.error().message;
  // Those that were sent stay: they are settled first when the database is back.
  std::deque<Item> never_sent;
  std::deque<Item> doubtful;
  for (Item& item : waiting_) (item.again ? doubtful : never_sent).push_back(std::move(item));
  waiting_ = std::move(doubtful);
  timer_.once(next_pause(), [this] { connect(); });
  refuse(std::move(never_sent), {Code::unavailable, last_error_});
}

// Doubled each time, and somewhere between half and the whole of it, so that replicas do not come back all at once.
MonoMs Channel::next_pause() {
  const MonoMs whole = std::min<MonoMs>(settings_.backoff_min_ms << std::min(attempts_, 16U), settings_.backoff_max_ms);
  ++attempts_;
  return whole / 2 + static_cast<MonoMs>(randombytes_uniform(static_cast<std::uint32_t>(whole / 2 + 1)));
}

void Channel::attach(Opened opened) {
  generation_ = opened.generation;
  if (!last_error_.empty()) log::info("storage is back", {{"connection", name_of(duties_.duty)}, {"attempts", attempts_}});
  last_error_.clear();
  cut_off_ = false;
  owner_.on_connected(opened);
  link_ = std::make_unique<Link>(loop_, std::move(opened.connection), static_cast<LinkEvents&>(*this));
  pump();
}

void Channel::pump() {
  while (link_ != nullptr && sent_.size() < duties_.depth && !waiting_.empty()) {
    Item item = std::move(waiting_.front());
    waiting_.pop_front();
    Params params;
    item.call->encode(params, {generation_, item.again});
    item.sent_ms = loop_.mono_ms();
    const char* sql = item.call->sql();
    sent_.push_back(std::move(item));
    if (!link_->send(sql, params)) return disconnect(link_->failure());
  }
}

void Channel::on_done(Result<Rows> rows, const std::optional<Failure>& failure) {
  Item item = std::move(sent_.front());
  sent_.pop_front();
  if (!failure) {
    attempts_ = 0;
    answer(std::move(item), std::move(rows));
    return;
  }
  switch (failure->fault) {
    case Fault::fenced:
      // Nothing of it was done, but what went before may have been: as after a loss.
      item.again = true;
      waiting_.push_front(std::move(item));
      return disconnect(*failure);
    case Fault::retry:
      if (++item.retries <= retries_max) {
        waiting_.push_front(std::move(item));
        return pump();
      }
      break;
    case Fault::data:
      if (item.call->change_after(*failure)) {
        waiting_.push_front(std::move(item));
        return pump();
      }
      break;
    case Fault::lost:
    case Fault::refuse:
      break;
  }
  const bool reconnect = failure->reconnect;
  const std::shared_ptr<bool> alive = alive_;
  answer(std::move(item), failure->error);
  if (*alive && reconnect) disconnect(*failure);
}

void Channel::disconnect(const Failure& failure) {
  log::warn("a connection to storage was lost",
            {{"connection", name_of(duties_.duty)}, {"under_way", sent_.size()}, {"error", failure.error.message}});
  if (link_ != nullptr) link_->retire();
  loop_.dispose(std::move(link_));
  std::deque<Item> unanswered = std::move(sent_);
  sent_.clear();
  timer_.once(attempts_ == 0 ? 0 : next_pause(), [this] { connect(); });
  if (attempts_ == 0) ++attempts_;
  if (!duties_.settles) return refuse(std::move(unanswered), failure.error);
  for (auto item = unanswered.rbegin(); item != unanswered.rend(); ++item) {
    item->again = true;
    waiting_.push_front(std::move(*item));
  }
}

void Channel::sweep() {
  if (link_ == nullptr || sent_.empty()) return;
  const MonoMs waited = loop_.mono_ms() - sent_.front().sent_ms;
  if (waited < settings_.statement_timeout_ms + settings_.answer_grace_ms) return;
  disconnect({Fault::lost, {Code::unavailable, "PostgreSQL does not answer"}, false});
}

void Channel::refuse(std::deque<Item> items, const Error& error) {
  if (items.empty()) return maybe_finished();
  loop_.post([this, alive = alive_, items = std::move(items), error]() mutable {
    for (Item& item : items) {
      if (!*alive) return;
      item.call->answer(error);
    }
    if (*alive) maybe_finished();
  });
}

void Channel::answer(Item item, Result<Rows> rows) {
  const std::shared_ptr<bool> alive = alive_;
  item.call->answer(std::move(rows));
  if (!*alive) return;
  pump();
  maybe_finished();
}

void Channel::finish() {
  finishing_ = true;
  maybe_finished();
}

void Channel::maybe_finished() {
  if (!finishing_ || load() > 0) return;
  finishing_ = false;
  loop_.post([this, alive = alive_] {
    if (*alive) owner_.on_finished();
  });
}

void Channel::abandon() {
  waiting_.clear();
  sent_.clear();
  link_.reset();
  timer_.stop();
  maybe_finished();
}

}  // namespace parley::postgres
