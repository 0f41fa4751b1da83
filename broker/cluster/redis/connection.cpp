#include "broker/cluster/redis/connection.h"

#include <hiredis/hiredis.h>

#include <algorithm>

namespace parley::cluster {

namespace {

constexpr MonoMs watch_ms = 250;

struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};

std::string_view text_of(const redisReply& reply) { return {reply.str, reply.len}; }

// Redis that starts, or that became a replica in a fail-over: the name may lead to another one by now.
bool is_wrong_server(const redisReply& reply) {
  if (reply.type != REDIS_REPLY_ERROR) return false;
  const std::string_view text = text_of(reply);
  return text.starts_with("LOADING") || text.starts_with("READONLY") || text.starts_with("MASTERDOWN");
}

}  // namespace

RedisConnection::RedisConnection(net::Loop& loop, const RedisSettings& settings, Random& random, bool subscriber, Owner& owner)
    : loop_(loop),
      settings_(settings),
      random_(random),
      subscriber_(subscriber),
      owner_(owner),
      reader_(nullptr, &redisReaderFree),
      watcher_(loop),
      pause_(loop) {}

RedisConnection::~RedisConnection() {
  if (stream_) {
    stream_->abandon();
    loop_.dispose(std::move(stream_));
  }
}

void RedisConnection::start() {
  watcher_.every(watch_ms, [this] { watch(); });
  connect();
}

// ---- getting there

void RedisConnection::connect() {
  state_ = State::connecting;
  began_ = last_byte_ = loop_.mono_ms();
  reader_.reset(redisReaderCreate());
  stream_ = std::make_unique<net::ClientStream>(loop_, net::Endpoint{settings_.url.address, settings_.tls}, attempt_++, *this);
}

void RedisConnection::on_open() {
  state_ = State::greeting;
  greet();
}

void RedisConnection::greet() {
  const RedisUrl& url = settings_.url;
  greetings_ = 0;
  if (!url.password.empty()) {
    ++greetings_;
    write(url.user.empty() ? Command{"AUTH", url.password} : Command{"AUTH", url.user, url.password});
  }
  if (url.database != 0 && !subscriber_) {
    ++greetings_;
    write({"SELECT", std::to_string(url.database)});
  }
  // A server that wants a password, loads its data or is no master says so here rather than later.
  ++greetings_;
  write({"PING"});
}

void RedisConnection::greeted(const redisReply& reply) {
  if (reply.type == REDIS_REPLY_ERROR) return lose("refused: " + std::string(text_of(reply)));
  if (--greetings_ == 0) got_ready();
}

void RedisConnection::got_ready() {
  state_ = State::ready;
  pause_ms_ = 0;
  last_ping_ = loop_.mono_ms();
  owner_.on_ready(*this);
}

// ---- talking

void RedisConnection::write(const Command& command) {
  std::vector<const char*> words;
  std::vector<std::size_t> sizes;
  for (const std::string& word : command) {
    words.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* bytes = nullptr;
  const int size = redisFormatCommandArgv(&bytes, static_cast<int>(words.size()), words.data(), sizes.data());
  if (size < 0) return;
  stream_->write({bytes, static_cast<std::size_t>(size)});
  redisFreeCommand(bytes);
}

bool RedisConnection::send(const Command& command, Handler done) {
  if (!ready() || stream_->queued_bytes() > settings_.unsent_bytes) return false;
  if (!subscriber_) handlers_.push_back(std::move(done));
  write(command);
  return true;
}

void RedisConnection::on_read(std::string_view bytes) {
  last_byte_ = loop_.mono_ms();
  if (redisReaderFeed(reader_.get(), bytes.data(), bytes.size()) != REDIS_OK) return lose(reader_->errstr);
  while (stream_) {
    void* raw = nullptr;
    if (redisReaderGetReply(reader_.get(), &raw) != REDIS_OK) return lose(std::string("not Redis: ") + reader_->errstr);
    if (raw == nullptr) return;
    const std::unique_ptr<redisReply, FreeReply> reply(static_cast<redisReply*>(raw));
    handle(*reply);
  }
}

void RedisConnection::handle(const redisReply& reply) {
  if (is_wrong_server(reply)) return lose(std::string(text_of(reply)));
  if (state_ == State::greeting) return greeted(reply);
  if (subscriber_) return owner_.on_push(reply);
  if (handlers_.empty()) return lose("an answer that nothing was asked for");
  Handler done = std::move(handlers_.front());
  handlers_.pop_front();
  if (done) done(&reply);
}

// ---- losing it

void RedisConnection::watch() {
  const MonoMs now = loop_.mono_ms();
  if (state_ == State::connecting || state_ == State::greeting) {
    if (now - began_ >= settings_.connect_ms) lose("no connection in time");
  } else if (state_ == State::ready) {
    if (now - last_byte_ >= settings_.dead_ms) return lose("no sign of life");
    if (now - last_byte_ < settings_.ping_ms || now - last_ping_ < settings_.ping_ms) return;
    last_ping_ = now;
    send({"PING"});
  }
}

void RedisConnection::lose(const std::string& reason) {
  if (state_ == State::idle) return;
  state_ = State::idle;
  if (stream_) {
    stream_->abandon();
    loop_.dispose(std::move(stream_));
  }
  std::deque<Handler> unanswered;
  unanswered.swap(handlers_);
  for (Handler& done : unanswered) {
    if (done) done(nullptr);
  }
  // Half of the pause is chance, so that replicas do not come back in step.
  pause_ms_ = std::clamp(pause_ms_ * 2, settings_.pause_min_ms, settings_.pause_max_ms);
  const auto jitter = static_cast<MonoMs>(random_.next() % static_cast<std::uint64_t>(pause_ms_ / 2 + 1));
  pause_.once(pause_ms_ / 2 + jitter, [this] { connect(); });
  owner_.on_lost(*this, reason);
}

}  // namespace parley::cluster
