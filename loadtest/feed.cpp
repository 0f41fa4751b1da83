#include "loadtest/feed.h"

#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "loadtest/monotonic.h"

namespace parley::loadtest {

Feed::Feed(net::Loop& loop, const Options& options, Ledger& ledger, Fleet& fleet, const std::vector<PlannedClient>& plan)
    : options_(options),
      ledger_(ledger),
      fleet_(fleet),
      streams_(ledger.streams()),
      acknowledged_(options.client.acknowledged()) {
  std::size_t longest = 0;
  for (std::uint32_t i = 0; i < plan.size(); ++i) {
    for (const Ledger::StreamId stream : plan[i].streams) streams_[stream].client = i;
    longest = std::max(longest, plan[i].streams.size());
  }
  // In steps of a large prime, so that neighbours in time are not neighbours in the plan.
  const std::size_t count = streams_.size();
  for (std::size_t i = 0; i < count; ++i)
    order_.push_back(static_cast<Ledger::StreamId>(i * (count % 7919 == 0 ? 1 : 7919) % count));
  // A loop's timers know ms only: at 10,000 deliveries a second that would be most of what is measured.
  timer_fd_ = net::Descriptor(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
  poll_ = std::make_unique<net::Poll>(loop, timer_fd_.get(), [this](net::Poll::Ready) { pace(); });
}

void Feed::start() {
  running_ = true;
  if (options_.rate > 0) {
    began_ns_ = now_ns();
    paced_ = 0;
    poll_->want(true, false);
    return arm();
  }
  for (Ledger::StreamId stream = 0; stream < streams_.size(); ++stream) fill(stream);
}

void Feed::stop() {
  running_ = false;
  poll_->want(false, false);
}

void Feed::publish_one(Ledger::StreamId id, std::int64_t sent_ns) {
  State& stream = streams_[id];
  ++stream.published;
  if (ledger_.receivers(id) == 0) ++stream.delivered;  // nobody is there to wait for
  const std::uint32_t number = ledger_.publish(id);
  fleet_.client(stream.client).publish({id, number, sent_ns, ledger_.room_name(ledger_.room_of(id))});
}

// ---- closed loop

void Feed::fill(Ledger::StreamId id) {
  if (!running_ || options_.rate > 0) return;
  State& stream = streams_[id];
  if (!acknowledged_ && !fleet_.client(stream.client).is_up()) return;
  for (unsigned unheard = 0;;) {
    // Nothing comes back that could slow it down: --inflight of them a tick.
    if (!acknowledged_ && ledger_.receivers(id) == 0 && ++unheard > options_.in_flight) {
      unheard_ = true;
      return;
    }
    if (limited_ && left_ == 0) return stop();
    const std::uint32_t done =
        std::min(ignore_deliveries_ ? stream.published : stream.delivered, acknowledged_ ? stream.acked : stream.published);
    if (stream.published - done >= options_.in_flight) return;
    if (limited_) --left_;
    publish_one(id, now_ns());
  }
}

void Feed::delivered(Ledger::StreamId stream, std::uint32_t count) {
  State& state = streams_[stream];
  state.delivered = std::min(state.delivered + count, state.published);
  fill(stream);
}

void Feed::acked(Ledger::StreamId stream) {
  ++streams_[stream].acked;
  fill(stream);
}

void Feed::refused(Ledger::StreamId stream) {
  ++streams_[stream].acked;
  delivered(stream);
}

void Feed::forgive(Ledger::StreamId stream) { streams_[stream].delivered = streams_[stream].published; }

void Feed::client_up(std::uint32_t client) {
  if (options_.rate > 0 || !running_) return;
  for (Ledger::StreamId stream = 0; stream < streams_.size(); ++stream) {
    if (streams_[stream].client == client) fill(stream);
  }
}

void Feed::tick() {
  if (!std::exchange(unheard_, false)) return;
  for (Ledger::StreamId stream = 0; stream < streams_.size(); ++stream) fill(stream);
}

// ---- open loop

void Feed::arm() {
  const auto due = began_ns_ + static_cast<std::int64_t>(static_cast<double>(paced_) * 1e9 / options_.rate);
  itimerspec at{};
  at.it_value.tv_sec = due / 1'000'000'000;
  at.it_value.tv_nsec = due % 1'000'000'000;
  timerfd_settime(timer_fd_.get(), TFD_TIMER_ABSTIME, &at, nullptr);
}

void Feed::pace() {
  std::uint64_t expirations = 0;
  [[maybe_unused]] const auto taken = ::read(timer_fd_.get(), &expirations, sizeof expirations);
  if (!running_) return;
  const std::int64_t now = now_ns();
  for (;;) {
    const auto due = began_ns_ + static_cast<std::int64_t>(static_cast<double>(paced_) * 1e9 / options_.rate);
    if (due > now) break;
    if (limited_ && left_ == 0) return stop();
    if (limited_) --left_;
    publish_one(order_[paced_++ % order_.size()], due);
  }
  arm();
}

}  // namespace parley::loadtest
