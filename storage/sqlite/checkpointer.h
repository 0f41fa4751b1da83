#pragma once

// Moves what is in the WAL into the database file, on a thread and a connection of its own, so that the writer does not
// wait for it.
//
// PASSIVE checkpoints run beside the writer. Under a load without a pause none of them ever catches up with the end of the
// WAL, so the WAL would grow without bound: when it is longer than `wal_pages_max`, the writer is asked to do the rest
// itself between two transactions. That is short, since a PASSIVE one has just run.
//
// Threads: after_commit on the writer's; the others on the owner's.

#include <atomic>
#include <memory>

#include "broker/base/worker_thread.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/trouble.h"

namespace parley::sqlite {

class Checkpointer {
 public:
  explicit Checkpointer(const SqliteSettings& settings) : settings_(settings) {}

  // The WAL's length in pages; on the writer's connection, between two transactions.
  void after_commit(Connection& writer, int pages);
  // Waits for the checkpoint under way, ends the thread and closes the connection.
  void finish();

 private:
  void checkpoint();
  void complete(Connection& writer) const;

  const SqliteSettings settings_;
  std::unique_ptr<Connection> connection_;  // the thread's own, like trouble_
  Trouble trouble_{"storage cannot checkpoint"};
  // idle → (by the writer) running → (by the thread) idle, or behind → (by the writer) idle
  enum class State : unsigned char { idle, running, behind };
  std::atomic<State> state_ = State::idle;
  WorkerThread thread_{"parley-ckpt"};
};

}  // namespace parley::sqlite
