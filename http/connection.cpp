#include "http/connection.h"

#include <algorithm>

namespace parley::http {

// Outlives the connection in the hands of handlers; forgets it when it dies.
struct Connection::Link {
  Connection* connection = nullptr;
};

// The right to answer one request, once. Dropped unused it answers 500.
class Connection::Ticket {
 public:
  Ticket(std::shared_ptr<Link> link, std::uint64_t id) : link_(std::move(link)), id_(id) {}
  Ticket(Ticket&&) noexcept = default;
  Ticket& operator=(Ticket&&) = delete;
  ~Ticket() {
    if (link_ == nullptr || link_->connection == nullptr) return;
    ++link_->connection->context_.counters.unanswered;
    use(Response::problem(Error{Code::internal, "the request was not answered"}));
  }
  void use(Response response) {
    const std::shared_ptr<Link> link = std::move(link_);
    if (link != nullptr && link->connection != nullptr) link->connection->answer(id_, std::move(response));
  }

 private:
  std::shared_ptr<Link> link_;
  std::uint64_t id_;
};

Connection::Connection(ConnectionContext& context, Sink& sink, std::string peer, bool secure)
    : context_(context),
      sink_(sink),
      peer_(std::move(peer)),
      secure_(secure),
      link_(std::make_shared<Link>(Link{this})),
      parser_(context.settings.limits),
      phase_since_(context.clock.mono_ms()) {}

Connection::~Connection() { link_->connection = nullptr; }

void Connection::feed(std::string_view bytes) {
  if (closed_ || eof_ || (input_over_ && !switched_)) return;
  rest_.erase(0, rest_at_);
  rest_at_ = 0;
  rest_ += bytes;
  if (!switched_) run();
}

std::string Connection::take_rest() {
  std::string out = rest_.substr(rest_at_);
  rest_.clear();
  rest_at_ = 0;
  return out;
}

bool Connection::must_wait() const {
  const Settings& settings = context_.settings;
  return congested_ || exchanges_.size() >= settings.pipeline_max || waiting_bytes_ > settings.pipeline_bytes_max ||
         (held_ && !exchanges_.empty());
}

bool Connection::can_go_on() const {
  return !closed_ && !switched_ && !input_over_ && !must_wait() && (held_ || !nothing_unread());
}

// Reads as much as may be read now. Handlers that answer at once come back through answer() and flush(); the loop is not entered
// twice.
void Connection::run() {
  if (running_ || closed_ || switched_) return;
  running_ = true;
  while (can_go_on()) step();
  running_ = false;
  if (closed_ || switched_) return;
  if (nothing_unread() && rest_.capacity() > 4096) {
    rest_ = std::string();
    rest_at_ = 0;
  }
  finish_if_over();
  if (closed_) return;
  send_continue();
  update_reading();
  update_timing();
}

void Connection::step() {
  if (held_) {
    Request request = std::move(*held_);
    held_.reset();
    return begin(std::move(request));
  }
  std::string_view unread = std::string_view(rest_).substr(rest_at_);
  if (parser_.in_body()) continue_owed_ = false;  // the client did not wait for it
  const Parser::Event event = parser_.feed(unread);
  rest_at_ = rest_.size() - unread.size();
  switch (event) {
    case Parser::Event::more:
      return;
    case Parser::Event::head:
      return on_head();
    case Parser::Event::message:
      return on_message();
    case Parser::Event::failed:
      return fail(parser_.failure().status, parser_.failure().detail);
  }
}

void Connection::on_head() {
  if (!parser_.expects_continue()) return;
  std::optional<Response> refusal = context_.application.refuse_early(parser_.request());
  if (!refusal) {
    continue_owed_ = true;
    return;
  }
  // The body may or may not come now: the framing is lost (RFC 9110 §10.1.1).
  input_over_ = true;
  add_exchange(false).answer = std::move(refusal);
  flush();
}

void Connection::on_message() {
  continue_owed_ = false;
  phase_ = Phase::none;  // whatever is timed next begins now
  Request request = parser_.take();
  const bool in_turn = exchanges_.empty() || (is_safe(request.method) && request.header("upgrade").empty() && all_safe());
  if (in_turn) {
    begin(std::move(request));
  } else {
    held_ = std::move(request);
  }
}

bool Connection::all_safe() const {
  return std::all_of(exchanges_.begin(), exchanges_.end(), [](const Exchange& exchange) { return exchange.safe; });
}

Connection::Exchange& Connection::add_exchange(bool keep_alive) {
  Exchange& exchange = exchanges_.emplace_back();
  exchange.id = next_id_++;
  exchange.begun = context_.clock.mono_ms();
  exchange.head = parser_.is_head_request();
  exchange.keep_alive = keep_alive;
  return exchange;
}

void Connection::begin(Request request) {
  ++context_.counters.requests;
  ++served_;
  const Client client = resolve_client(context_.forwarded, peer_, secure_, request);
  request.peer = client.address;
  request.secure = client.secure;
  const bool last = context_.settings.requests_max != 0 && served_ >= context_.settings.requests_max;
  if (last) ++context_.counters.requests_max_closed;
  Exchange& exchange = add_exchange(parser_.keep_alive() && !last && !draining_);
  exchange.head = request.method == Method::head;
  exchange.http_1_0 = request.http_1_0;
  exchange.safe = is_safe(request.method);
  if (!exchange.keep_alive) input_over_ = true;
  const std::uint64_t id = exchange.id;
  if (try_upgrade(request)) return;
  Ticket ticket(link_, id);
  context_.application.handle(std::move(request),
                              [ticket = std::move(ticket)](Response response) mutable { ticket.use(std::move(response)); });
}

// True: the request was an upgrade's, and is accepted or refused. Its exchange is the last of exchanges_.
bool Connection::try_upgrade(Request& request) {
  std::optional<UpgradeAnswer> decided = context_.application.upgrade(request);
  if (!decided) return false;
  if (!decided->accepted || exchanges_.size() != 1) {
    ++context_.counters.upgrades_refused;
    answer(exchanges_.back().id,
           decided->accepted ? Response::problem(400, "an upgrade cannot be pipelined") : std::move(decided->refusal));
    return true;
  }
  ++context_.counters.upgrades;
  ++context_.counters.answers[1];
  exchanges_.clear();
  switched_ = true;
  sink_.write(std::move(decided->bytes));
  sink_.switched(std::move(request), std::move(decided->subprotocol));
  return true;
}

// The framing is lost: one last answer, in its turn, and nothing more is read.
void Connection::fail(int status, std::string_view detail) {
  Counters& counters = context_.counters;
  if (status == 400) ++counters.malformed;
  if (status == 408) ++counters.timed_out;
  if (status == 413 || status == 414 || status == 431) ++counters.too_large;
  if (status == 417 || status == 501 || status == 505) ++counters.not_supported;
  input_over_ = true;
  add_exchange(false).answer = Response::problem(status, detail);
  flush();
}

void Connection::answer(std::uint64_t id, Response response) {
  if (closed_ || switched_) return;
  const auto found =
      std::find_if(exchanges_.begin(), exchanges_.end(), [&](const Exchange& exchange) { return exchange.id == id; });
  if (found == exchanges_.end() || found->answer) return;
  waiting_bytes_ += response.body_size();
  found->answer = std::move(response);
  if (found != exchanges_.begin()) return update_reading();
  flush();
  run();
}

void Connection::flush() {
  while (!closed_ && !exchanges_.empty() && exchanges_.front().answer) {
    const Exchange exchange = std::move(exchanges_.front());
    exchanges_.pop_front();
    waiting_bytes_ -= std::min(waiting_bytes_, exchange.answer->body_size());
    const bool close = !exchange.keep_alive || exchange.answer->close || (exchanges_.empty() && input_ended());
    write(exchange, close);
    if (close) finish(Closing::lingering);
  }
}

void Connection::write(const Exchange& exchange, bool close) {
  const Response& response = *exchange.answer;
  ++context_.counters.answers[static_cast<std::size_t>(std::clamp(response.status / 100, 1, 5))];
  const Framing framing{close, exchange.http_1_0};
  std::string head = write_head(response, context_.date.at(context_.clock.unix_ms()), framing, context_.settings);
  if (exchange.head || !has_body(response.status)) return sink_.write(std::move(head));
  if (!response.shared_body) return sink_.write(std::move(head.append(response.body)));
  sink_.write(std::move(head));
  if (!response.shared_body->empty()) sink_.write(response.shared_body);
}

void Connection::send_continue() {
  if (!continue_owed_ || !exchanges_.empty() || !nothing_unread()) return;
  continue_owed_ = false;
  sink_.write(std::string("HTTP/1.1 100 Continue\r\n\r\n"));
  phase_ = Phase::none;  // the body's clock begins now
}

void Connection::finish(Closing how) {
  closed_ = true;
  exchanges_.clear();
  held_.reset();
  sink_.close(how);
}

bool Connection::input_ended() const {
  if (input_over_) return true;
  if (held_ || !parser_.idle()) return false;
  return draining_ || (eof_ && nothing_unread());
}

// When the peer has stopped sending, or the server wants to stop, and nothing is left to be answered.
void Connection::finish_if_over() {
  if (eof_ && !input_over_ && !held_ && nothing_unread() && !parser_.idle()) return fail(400, "the request ended early");
  if (exchanges_.empty() && (eof_ || draining_) && input_ended()) finish(Closing::lingering);
}

void Connection::on_eof() {
  if (closed_ || switched_ || eof_) return;
  eof_ = true;
  run();
}

void Connection::drain() {
  if (closed_ || switched_) return;
  draining_ = true;
  run();
}

void Connection::on_congested(bool congested) {
  if (closed_ || switched_) return;
  congested_ = congested;
  congested_since_ = context_.clock.mono_ms();
  run();
}

void Connection::update_reading() {
  const bool waits = must_wait();
  const bool wanted = !closed_ && !switched_ && !input_over_ && !eof_ && !waits;
  if (wanted == reading_) return;
  reading_ = wanted;
  if (waits) ++context_.counters.paused;
  sink_.read_wanted(wanted);
}

}  // namespace parley::http
