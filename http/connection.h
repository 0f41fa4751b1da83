#pragma once

// One HTTP/1 connection as a passive object: bytes in through feed(), bytes out through a Sink, time by the clock handed in. It
// knows no socket.
//
// Pipelined requests are answered in order though handlers may answer later. Requests behind one that is still being answered are
// begun only when all of them are safe methods (RFC 9112 §9.3.2). All calls on the connection's own thread.

#include <cstdint>
#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "broker/base/time.h"
#include "http/forwarded.h"
#include "http/message.h"
#include "http/parser.h"
#include "http/response_writer.h"
#include "http/settings.h"
#include "http/sink.h"

namespace parley::http {

// What the connections of one worker loop share.
struct ConnectionContext {
  ConnectionContext(const Clock& its_clock, const Settings& its_settings, Application& its_application)
      : clock(its_clock), settings(its_settings), application(its_application) {}

  const Clock& clock;
  const Settings& settings;
  Application& application;
  ForwardedPolicy forwarded;  // default: no proxy is trusted
  Counters counters;
  DateCache date;
};

class Connection {
 public:
  static constexpr MonoMs never = std::numeric_limits<MonoMs>::max();

  // `peer`: the socket's other end as text; `secure`: TLS. What a trusted proxy says stands above both.
  Connection(ConnectionContext& context, Sink& sink, std::string peer, bool secure);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection();

  // Bytes as they came, in pieces of any size. What cannot be read yet (back-pressure) is kept: at most one piece after
  // read_wanted(false).
  void feed(std::string_view bytes);
  // The peer will send no more; what it asked for is still answered.
  void on_eof();
  // Whether the sink holds more unsent bytes than it likes; `true` again says that some have left since.
  void on_congested(bool congested);
  // To be called at deadline() or somewhat later; earlier does nothing.
  void on_time();
  // When the next time-out is due, on the monotonic clock; changes with every call.
  MonoMs deadline() const;
  // Finish what is under way, then close: at once when nothing is, else the last answer says Connection: close.
  void drain();

  bool closed() const { return closed_; }
  bool switched() const { return switched_; }
  // After switched(): bytes that came behind the upgrade request; they belong to the new protocol.
  std::string take_rest();

 private:
  struct Exchange {
    std::uint64_t id = 0;
    MonoMs begun = 0;
    bool head = false;  // HEAD: no body in the answer
    bool http_1_0 = false;
    bool keep_alive = false;
    bool safe = false;
    std::optional<Response> answer;
  };
  struct Link;
  class Ticket;

  void run();
  bool can_go_on() const;
  bool must_wait() const;
  void step();
  void on_head();
  void on_message();
  void begin(Request request);
  bool try_upgrade(Request& request);
  void fail(int status, std::string_view detail);
  Exchange& add_exchange(bool keep_alive);
  void answer(std::uint64_t id, Response response);
  void flush();
  void write(const Exchange& exchange, bool close);
  void send_continue();
  void finish(Closing how);
  void finish_if_over();
  // No request will come after those in exchanges_.
  bool input_ended() const;
  bool nothing_unread() const { return rest_at_ == rest_.size(); }
  // The handler of the first exchange has not answered.
  bool is_owed() const { return !exchanges_.empty() && !exchanges_.front().answer; }
  bool all_safe() const;
  void update_reading();
  void update_timing();

  ConnectionContext& context_;
  Sink& sink_;
  const std::string peer_;
  const bool secure_;
  std::shared_ptr<Link> link_;
  Parser parser_;
  std::string rest_;  // received, not yet parsed from rest_at_ on
  std::size_t rest_at_ = 0;
  std::deque<Exchange> exchanges_;  // begun, in order; the first is the next to be written
  std::size_t waiting_bytes_ = 0;   // of answers in exchanges_
  std::optional<Request> held_;     // complete, but may not begin before exchanges_ is empty
  std::uint64_t next_id_ = 1;
  unsigned served_ = 0;

  bool running_ = false;
  bool reading_ = true;
  bool input_over_ = false;  // whatever comes now is not read: an answer will close, or the framing is lost
  bool eof_ = false;
  bool draining_ = false;
  bool congested_ = false;
  bool continue_owed_ = false;  // "100 Continue" is to be sent once it is this request's turn
  bool closed_ = false;
  bool switched_ = false;

  // What the time-out clock is watching, since when.
  enum class Phase : unsigned char { idle, head, body, none };
  Phase phase_ = Phase::idle;
  MonoMs phase_since_ = 0;
  std::size_t body_bytes_then_ = 0;
  MonoMs congested_since_ = 0;
};

}  // namespace parley::http
