#pragma once

// The clients of a run: brings them up, a bounded number at a time, and back again after a break, at another of the URLs where
// there are several.
//
// Threads: the loop's.

#include <sys/socket.h>

#include <deque>
#include <memory>
#include <queue>
#include <vector>

#include "broker/net/timer.h"
#include "loadtest/client.h"
#include "loadtest/histogram.h"
#include "loadtest/options.h"
#include "loadtest/plan.h"

namespace parley::loadtest {

class Fleet {
 public:
  // unavailable when a URL's host cannot be found.
  static Result<std::vector<LinkTarget>> resolve(const Options& options, std::vector<sockaddr_storage>& addresses);

  Fleet(net::Loop& loop, const Options& options, ClientEvents& events);

  Status add(const std::vector<PlannedClient>& plan);
  // Asks for a connection, now or as soon as others are made.
  void bring_up(std::uint32_t client);
  void bring_up_all();
  // Breaks a connection off, without bringing it back.
  void drop(std::uint32_t client);
  // From now on nobody comes back.
  void rest() { resting_ = true; }

  // The fleet's part in the clients' events.
  void came_up(const Client& client);
  void went_down(const Client& client, const std::string& reason, std::int64_t after_ms);

  Client& client(std::uint32_t index) { return *clients_[index]; }
  std::size_t size() const { return clients_.size(); }
  std::size_t up() const { return up_; }
  std::uint64_t reconnects() const { return reconnects_; }
  std::uint64_t failures() const { return failures_; }
  const std::string& last_failure() const { return last_failure_; }
  const Histogram& connect_latency() const { return connect_latency_; }
  LinkTurn& turn() { return turn_; }

 private:
  struct State {
    std::int64_t opened_ns = 0;
    std::uint32_t url = 0;
    std::uint16_t failures = 0;  // since it was up last
    bool wanted = false;
    bool was_up = false;
    bool connecting = false;
    bool is_up = false;
  };
  struct Later {
    std::int64_t due_ms;
    std::uint32_t client;
    bool operator>(const Later& other) const { return due_ms > other.due_ms; }
  };
  void open_more();
  void tick();

  net::Loop& loop_;
  const Options& options_;
  ClientEvents& events_;
  LinkTurn turn_;
  net::Timer timer_;
  std::vector<sockaddr_storage> addresses_;
  std::vector<LinkTarget> targets_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<State> states_;
  std::deque<std::uint32_t> queue_;
  std::priority_queue<Later, std::vector<Later>, std::greater<>> later_;
  unsigned connecting_ = 0;
  std::size_t up_ = 0;
  std::uint64_t reconnects_ = 0;
  std::uint64_t failures_ = 0;
  std::string last_failure_;
  Histogram connect_latency_;
  bool resting_ = false;
};

}  // namespace parley::loadtest
