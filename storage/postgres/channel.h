#pragma once

// One connection's life and the calls that go over it: connects, sends, and after a loss connects again with growing, jittered
// pauses.
//
// While it is cut off (an attempt to connect has failed) new calls are refused as unavailable, and so are those that wait and
// were never sent. What was sent and not answered is of unknown outcome. A channel that settles keeps it and sends it again first
// thing on the next connection, marked as such (each such call gives the same answer twice); one that only reads answers
// `unavailable`.
//
// Threads: the loop's. No callback runs inside submit().

#include <deque>
#include <memory>
#include <string>

#include "broker/net/loop.h"
#include "broker/net/timer.h"
#include "storage/postgres/call.h"
#include "storage/postgres/connector.h"
#include "storage/postgres/link.h"

namespace parley::postgres {

struct ChannelSettings {
  Duty duty = Duty::read;
  std::size_t depth = 1;  // calls under way at once; 1 keeps their order also when one has to be sent again
  bool settles = true;
};

class ChannelOwner {
 public:
  virtual ~ChannelOwner() = default;
  virtual void on_connected(const Opened& opened) = 0;
  // What it was doing is done: asked once by finish(). May destroy the channel.
  virtual void on_finished() = 0;
};

class Channel final : private LinkEvents {
 public:
  Channel(net::Loop& loop, Connector& connector, const PostgresSettings& settings, ChannelSettings duties, ChannelOwner& owner);
  ~Channel() override;

  // With a connection at hand, or by asking the connector for one.
  void start(Opened opened);
  void start() { connect(); }

  // Another channel has a connection: the database is back. Ends the pause before the next attempt; a channel that only reads
  // takes calls already, which wait for how the attempt ends.
  void database_is_back();

  void submit(std::unique_ptr<Call> call);
  bool cut_off() const { return cut_off_; }
  std::size_t load() const { return waiting_.size() + sent_.size(); }
  // To be called now and then: gives up a connection that does not answer.
  void sweep();
  // Answers nothing new; on_finished() comes when the last call is answered. abandon() drops them unanswered.
  void finish();
  void abandon();

 private:
  struct Item {
    std::unique_ptr<Call> call;
    bool again = false;
    unsigned retries = 0;
    MonoMs sent_ms = 0;
  };

  void connect();
  void on_opened(Result<Opened> opened);
  void attach(Opened opened);
  void pump();
  void refuse(std::deque<Item> items, const Error& error);
  void answer(Item item, Result<Rows> rows);
  void maybe_finished();
  void disconnect(const Failure& failure);
  MonoMs next_pause();

  void on_done(Result<Rows> rows, const std::optional<Failure>& failure) override;
  void on_lost(const Failure& failure) override { disconnect(failure); }

  net::Loop& loop_;
  Connector& connector_;
  const PostgresSettings& settings_;
  const ChannelSettings duties_;
  ChannelOwner& owner_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::unique_ptr<Link> link_;
  net::Timer timer_;
  std::int64_t generation_ = 0;
  std::deque<Item> waiting_;
  std::deque<Item> sent_;
  bool cut_off_ = false;
  bool connecting_ = false;
  bool outdated_ = false;  // the attempt under way began before the database was back
  bool finishing_ = false;
  unsigned attempts_ = 0;
  std::string last_error_;
};

}  // namespace parley::postgres
