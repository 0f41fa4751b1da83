#pragma once

// One connection to Redis that comes back by itself: AUTH and SELECT first, commands and replies in order, a ping that finds a
// dead peer, a jittered pause before each new try. RESP2 by hiredis' reader and formatter, over our own streams.
//
// Threads: the loop's.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "broker/base/random.h"
#include "broker/base/unique_function.h"
#include "broker/cluster/redis/url.h"
#include "broker/net/client_stream.h"
#include "broker/net/timer.h"

struct redisReader;
struct redisReply;

namespace parley::cluster {

struct RedisSettings {
  RedisUrl url;
  std::shared_ptr<const net::TlsContext> tls;  // for rediss://
  std::string prefix = "parley";               // of channels and keys
  MonoMs connect_ms = 3000;                    // until AUTH and SELECT are answered
  MonoMs ping_ms = 2000;                       // silence after which the peer is asked
  MonoMs dead_ms = 5000;                       // silence after which it is given up
  MonoMs pause_min_ms = 100;                   // before the next try, doubling
  MonoMs pause_max_ms = 3000;
  std::size_t unsent_bytes = 8U << 20U;  // more than that waiting: further messages are dropped
};

class RedisConnection final : public net::ClientStream::Events {
 public:
  using Command = std::vector<std::string>;
  // Null: the connection was lost before the answer came.
  using Handler = UniqueFunction<void(const redisReply*)>;
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void on_ready(RedisConnection& connection) = 0;
    virtual void on_lost(RedisConnection& connection, const std::string& reason) = 0;
    // A reply that answers no command: a message, or the news that a subscription holds.
    virtual void on_push(const redisReply& reply) = 0;
  };

  // `subscriber`: of the kind that subscribes; its replies are pushes and it selects no database.
  RedisConnection(net::Loop& loop, const RedisSettings& settings, Random& random, bool subscriber, Owner& owner);
  ~RedisConnection() override;
  RedisConnection(const RedisConnection&) = delete;
  RedisConnection& operator=(const RedisConnection&) = delete;

  void start();
  bool ready() const { return state_ == State::ready; }
  // False: not sent, since the connection is not ready or cannot keep up. `done` then is not called.
  bool send(const Command& command, Handler done = nullptr);

 private:
  enum class State : unsigned char { idle, connecting, greeting, ready };
  // net::ClientStream::Events
  void on_open() override;
  void on_read(std::string_view bytes) override;
  void on_closed(const std::string& reason) override { lose(reason); }

  void connect();
  void greet();
  void greeted(const redisReply& reply);
  void got_ready();
  void handle(const redisReply& reply);
  void lose(const std::string& reason);
  void watch();
  void write(const Command& command);

  net::Loop& loop_;
  const RedisSettings& settings_;
  Random& random_;
  const bool subscriber_;
  Owner& owner_;
  State state_ = State::idle;
  std::unique_ptr<net::ClientStream> stream_;
  std::unique_ptr<redisReader, void (*)(redisReader*)> reader_;
  std::deque<Handler> handlers_;
  unsigned greetings_ = 0;  // replies to AUTH and SELECT still to come
  net::Timer watcher_;
  net::Timer pause_;
  MonoMs began_ = 0;
  MonoMs last_byte_ = 0;
  MonoMs last_ping_ = 0;
  unsigned attempt_ = 0;
  MonoMs pause_ms_ = 0;
};

}  // namespace parley::cluster
