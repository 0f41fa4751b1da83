#pragma once

// The one thread that writes. Calls that wait when it becomes free share a transaction, and so the price of one commit.
//
// A transaction that fails is rolled back and all its calls are answered `unavailable`. Where only the data of a call can be at
// fault, its calls are repeated one by one, and entries within savepoints, so that the guilty one fails alone. When COMMIT itself
// failed, the outcome is read back on a fresh connection before anybody is answered.
//
// Threads: made, called and destroyed on the owner's thread.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "broker/base/worker_thread.h"
#include "storage/sqlite/answers.h"
#include "storage/sqlite/append.h"
#include "storage/sqlite/checkpointer.h"
#include "storage/sqlite/heads.h"
#include "storage/sqlite/trouble.h"

namespace parley::sqlite {

class Writer {
 public:
  // `connection` is prepared and open. `epoch` is the database's: a file with another one is not written after a reconnection.
  Writer(const SqliteSettings& settings, std::unique_ptr<Connection> connection, std::string epoch, Checkpointer& checkpointer,
         Answers answers);
  ~Writer();

  // `work(connection)` runs inside a transaction and returns Result<T>.
  template <typename T, typename Work>
  void submit(Reply<T> done, Work work) {
    enqueue(make_job<T>(std::move(done), std::move(work)));
  }
  void append(std::vector<NewEntry> batch, UnixMs now, Reply<std::vector<Result<Appended>>> done);

  // Does what was submitted before and ends the thread; then hands over the connection (nullptr when there is none).
  std::unique_ptr<Connection> finish();

 private:
  using Group = std::vector<std::unique_ptr<Job>>;

  void enqueue(std::unique_ptr<Job> job);
  // ---- on the writer's thread
  void drain();
  void commit_group(Group group);
  // Whether all of it is committed; or the failure, after which nothing of it is. The outer failure's code is SQLite's.
  struct Outcome {
    int code = SQLITE_OK;
    std::optional<Error> error;
    bool abandoned = false;  // the store is closing and the outcome was not learned: nobody may be answered
  };
  Outcome try_group(const Group& group);
  Outcome roll_back();
  Outcome settle();
  bool landed();
  Status reconnect();
  void watch_wal();
  void count_write();

  const SqliteSettings settings_;
  const std::string epoch_;
  Checkpointer& checkpointer_;
  const Answers answers_;

  // ---- the writer's thread only
  std::unique_ptr<Connection> connection_;
  Heads heads_;
  Trouble trouble_{"storage cannot write"};
  bool careful_ = false;
  std::int64_t writes_ = -1;  // expected count in the table `writes` when the transaction lands; -1: it moved a head instead
  int wal_pages_ = 0;

  std::mutex mutex_;
  std::condition_variable ending_changed_;
  Group waiting_;
  bool ending_ = false;
  WorkerThread thread_{"parley-writer"};  // last: it uses the others
};

}  // namespace parley::sqlite
