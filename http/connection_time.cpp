// The time-outs of a connection: what the clock is watching, and what happens when it is due.

#include <algorithm>

#include "http/connection.h"

namespace parley::http {

// Starts the clock of the phase that the connection is in now. It does not run while reading is paused: then the peer is not the
// slow one.
void Connection::update_timing() {
  Phase phase = Phase::idle;
  if (!reading_ || continue_owed_) {
    phase = Phase::none;
  } else if (parser_.in_head()) {
    phase = Phase::head;
  } else if (parser_.in_body()) {
    phase = Phase::body;
  } else if (!exchanges_.empty() || held_) {
    phase = Phase::none;
  }
  const MonoMs now = context_.clock.mono_ms();
  const std::size_t progress = std::max<std::size_t>(context_.settings.body_progress_bytes_min, 1);
  const bool progressed = phase == Phase::body && parser_.body_bytes() >= body_bytes_then_ + progress;
  if (phase == phase_ && !progressed) return;
  phase_ = phase;
  phase_since_ = now;
  body_bytes_then_ = parser_.body_bytes();
}

MonoMs Connection::deadline() const {
  if (closed_ || switched_) return never;
  const Settings& settings = context_.settings;
  MonoMs due = congested_ ? congested_since_ + settings.write_stall_ms_max : never;
  if (is_owed()) due = std::min(due, exchanges_.front().begun + settings.answer_ms_max);
  if (phase_ == Phase::head) due = std::min(due, phase_since_ + settings.header_ms_max);
  if (phase_ == Phase::body) due = std::min(due, phase_since_ + settings.body_stall_ms_max);
  if (phase_ == Phase::idle) due = std::min(due, phase_since_ + settings.idle_ms_max);
  return due;
}

void Connection::on_time() {
  const MonoMs now = context_.clock.mono_ms();
  if (now < deadline()) return;
  if (congested_ && now >= congested_since_ + context_.settings.write_stall_ms_max) {
    ++context_.counters.cut_off;
    return finish(Closing::at_once);
  }
  if (is_owed() && now >= exchanges_.front().begun + context_.settings.answer_ms_max) {
    ++context_.counters.overdue;
    return answer(exchanges_.front().id,
                  Response::problem({Code::unavailable, "the outcome is unknown: storage has not answered"}));
  }
  if (phase_ == Phase::idle) {
    ++context_.counters.idle_closed;
    return finish(Closing::after_flush);
  }
  fail(408, phase_ == Phase::head ? "the header section came too slowly" : "the body came too slowly");
  run();
}

}  // namespace parley::http
