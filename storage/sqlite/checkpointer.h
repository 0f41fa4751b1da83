#pragma once

// Moves what is in the WAL into the database file, on a thread and a connection of its own, so that the writer does not wait for
// it.
//
// PASSIVE checkpoints run beside the writer. Under a load without a pause none of them ever catches up with the end of the WAL,
// so the WAL would grow without bound; beyond `wal_pages_max` a RESTART checkpoint makes the writer wait for the rest, which is
// short since a PASSIVE one has just run.
//
// Threads: wal_grew from any; the others on the owner's.

#include <atomic>
#include <memory>

#include "broker/base/worker_thread.h"
#include "storage/sqlite/connection.h"
#include "storage/sqlite/trouble.h"

namespace parley::sqlite {

class Checkpointer {
 public:
  explicit Checkpointer(const SqliteSettings& settings) : settings_(settings) {}

  // The WAL's length after a commit, in pages.
  void wal_grew(int pages);
  // Waits for the checkpoint under way, ends the thread and closes the connection.
  void finish();

 private:
  void checkpoint();

  const SqliteSettings settings_;
  std::unique_ptr<Connection> connection_;  // the thread's own, like trouble_
  Trouble trouble_{"storage cannot checkpoint"};
  std::atomic<bool> under_way_ = false;
  WorkerThread thread_{"parley-ckpt"};
};

}  // namespace parley::sqlite
