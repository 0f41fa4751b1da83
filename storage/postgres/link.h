#pragma once

// One connection in pipeline mode, driven by the loop: sends statements, hands back what each of them came to, in their order.
// Never blocks.
//
// Threads: the loop's.

#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "broker/net/poll.h"
#include "storage/postgres/params.h"
#include "storage/postgres/session.h"

namespace parley::postgres {

class LinkEvents {
 public:
  virtual ~LinkEvents() = default;
  // The oldest unanswered statement is done. May destroy the link.
  virtual void on_done(Result<Rows> rows, const std::optional<Failure>& failure) = 0;
  // No statement under way will be answered any more. May destroy the link.
  virtual void on_lost(const Failure& failure) = 0;
};

class Link {
 public:
  Link(net::Loop& loop, ConnectionPtr connection, LinkEvents& events);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // `sql` is a literal; prepared at its first use. False when the connection is lost (on_lost is not called for that).
  bool send(const char* sql, const Params& params);
  // No events any more.
  void retire();
  Failure failure() const { return lost_connection(connection_.get()); }

 private:
  void on_ready(net::Poll::Ready ready);
  bool flush();
  // Takes results until there are none; false when the link is gone.
  bool take_results();
  void lost(const Failure& failure);
  static void receive_notice(void* self, const PGresult* notice);

  ConnectionPtr connection_;
  LinkEvents& events_;
  std::unique_ptr<net::Poll> poll_;  // before the connection closes its descriptor
  std::unordered_set<const char*> prepared_;
  std::size_t under_way_ = 0;
  ResultPtr result_;  // of the oldest statement, so far
  bool doubtful_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::vector<const char*> values_;
  std::vector<int> lengths_;
  std::vector<int> formats_;
};

}  // namespace parley::postgres
