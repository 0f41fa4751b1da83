#include "broker/server/connection.h"

namespace parley::server {

Connection::Connection(ConnectionContext& context, int fd)
    : context_(context), stream_(context.loop, fd, *this), last_byte_(context.loop.mono_ms()) {
  context_.counters.connections.add(1);
}

Connection::~Connection() {
  context_.outbox.forget(place_);
  context_.counters.connections.add(-1);
}

void Connection::begin(SlotId id, std::unique_ptr<Mode> mode) {
  id_ = id;
  mode_ = std::move(mode);
  prologue_ = tls_ == nullptr;
  stream_.resume();
}

void Connection::start_tls(const net::TlsContext& context) {
  tls_ = std::make_unique<net::TlsSession>(net::TlsSession::from(context));
}

// ---- what the mode asks for

void Connection::send(Frame frame) {
  if (state_ != State::open || frame.size() == 0) return;
  context_.outbox.add(*this, place_, std::move(frame));
}

bool Connection::congested() {
  const std::size_t unsent = stream_.queued_bytes() + context_.outbox.waiting_bytes(place_);
  if (unsent <= context_.settings.high_water_bytes) return false;
  if (!told_congested_) {
    told_congested_ = true;
    watch_progress(unsent);
  }
  return true;
}

void Connection::watch_progress(std::size_t unsent) {
  progress_ = std::make_unique<Progress>(Progress{context_.loop.mono_ms(), unsent});
}

void Connection::pause_reading(bool paused) {
  if (state_ != State::open || paused == paused_) return;
  paused_ = paused;
  if (paused) return stream_.pause();
  last_byte_ = context_.loop.mono_ms();  // the silence was ours
  stream_.resume();
}

void Connection::become(std::unique_ptr<Mode> next, std::string_view bytes) {
  context_.loop.dispose(std::exchange(mode_, std::move(next)));
  pause_reading(false);
  const bool cipher = tls_ != nullptr && std::exchange(prologue_, false);
  if (bytes.empty()) return;
  if (cipher) return on_cipher(bytes);
  mode_->on_bytes(bytes);
}

// ---- writing

void Connection::write_out(std::span<const Frame> frames) {
  if (state_ == State::closed) return;
  for (const Frame& frame : frames) context_.counters.bytes_out.add(frame.size());
  bool written = true;
  if (tls_) {
    for (const Frame& frame : frames) written = written && tls_->write(frame.bytes()).ok();
    written = send_cipher() && written;
  } else {
    written = stream_.write(frames);
  }
  if (!written) {
    context_.counters.end(Ended::broken);
    return close();
  }
  if (state_ == State::finishing) return linger();
  if (stream_.queued_bytes() == 0) on_drained();
}

void Connection::on_drained() {
  if (!std::exchange(told_congested_, false)) return;
  if (state_ == State::open) progress_.reset();
  if (state_ == State::open) mode_->on_drained();
}

// ---- reading

void Connection::on_read(std::string_view bytes) {
  context_.counters.bytes_in.add(bytes.size());
  last_byte_ = context_.loop.mono_ms();
  if (tls_ && state_ == State::open) return on_cipher(bytes);
  received(bytes);
}

void Connection::received(std::string_view plain) {
  if (state_ == State::open) return mode_->on_bytes(plain);
  if (state_ == State::closed) return;
  progress_->lingered_bytes += plain.size();
  if (progress_->lingered_bytes > context_.settings.linger_bytes_max) close();
}

// ---- TLS

void Connection::on_cipher(std::string_view bytes) {
  std::string plain;
  const Status status = tls_->feed(bytes, plain);
  // The handshake's next step, or an alert.
  if (!send_cipher()) {
    context_.counters.end(Ended::broken);
    return close();
  }
  if (!plain.empty()) received(plain);
  if (state_ != State::open) return;
  if (!status) return tls_failed();
  if (tls_->ended() && !peer_ended_) on_end();
}

bool Connection::send_cipher() {
  const std::string bytes = tls_->output();
  if (bytes.empty()) return true;
  const Frame frame = Frame::copy_of(bytes);
  return stream_.write({&frame, 1});
}

// What was to be sent is dropped: it must not leave in clear.
void Connection::tls_failed() {
  context_.counters.end(Ended::tls_failed);
  context_.outbox.forget(place_);
  tls_.reset();
  state_ = State::finishing;
  watch_progress(0);
  linger();
}

void Connection::on_end() {
  peer_ended_ = true;
  if (state_ == State::open) return mode_->on_end();
  if (state_ == State::lingering && stream_.queued_bytes() == 0) close();
}

void Connection::on_broken(std::string_view /*reason*/) {
  if (state_ == State::open) context_.counters.end(Ended::broken);
  close();
}

// ---- ending

void Connection::finish() {
  if (state_ != State::open) return;
  state_ = State::finishing;
  watch_progress(0);
  // What was sent in this turn is still in the outbox, and its flush goes on from here.
  if (context_.outbox.waiting_bytes(place_) == 0) linger();
}

void Connection::linger() {
  state_ = State::lingering;
  if (tls_) {
    tls_->end();
    send_cipher();
  }
  stream_.finish();
  if (peer_ended_ && stream_.queued_bytes() == 0) return close();
  stream_.resume();
}

void Connection::cut_off() {
  if (state_ == State::closed) return;
  stream_.reset();
  close();
}

void Connection::close_now(Ended why) {
  if (state_ == State::closed) return;
  context_.counters.end(why);
  cut_off();
}

void Connection::close() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  context_.outbox.forget(place_);
  stream_.pause();
  context_.closed(id_);
}

void Connection::tick(MonoMs now) {
  if (state_ == State::closed) return;
  check_stall(now);
  if (state_ == State::open) mode_->on_tick(now);
}

void Connection::check_stall(MonoMs now) {
  const bool closing = state_ != State::open;
  if (!closing && !told_congested_) return;
  const std::size_t unsent = stream_.queued_bytes();
  if (unsent != progress_->unsent) {
    progress_->unsent = unsent;
    progress_->last = now;
  }
  const MonoMs silence = now - progress_->last;
  if (closing && ((peer_ended_ && unsent == 0) || silence >= context_.settings.linger_ms)) return close();
  if (!closing && silence >= context_.settings.write_stall_ms) close_now(Ended::write_stalled);
}

}  // namespace parley::server
