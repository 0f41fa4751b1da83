#pragma once

// Threads with a read-only connection each; a call goes to the one with the least to do.
//
// Threads: made, called and destroyed on the owner's thread.

#include <atomic>
#include <memory>
#include <vector>

#include "broker/base/worker_thread.h"
#include "storage/sqlite/answers.h"
#include "storage/sqlite/trouble.h"

namespace parley::sqlite {

class Readers {
 public:
  Readers(const SqliteSettings& settings, Answers answers);

  // `work(connection)` runs inside one read transaction, which sees everything that was answered before, and returns Result<T>.
  template <typename T, typename Work>
  void submit(Reply<T> done, Work work) {
    run(make_job<T>(std::move(done), std::move(work)));
  }

  // Does what was submitted before and ends the threads.
  void finish();

 private:
  struct Reader {
    explicit Reader(unsigned index) : thread("parley-read-" + std::to_string(index)) {}
    std::unique_ptr<Connection> connection;  // the thread's own, like trouble
    Trouble trouble{"storage cannot read"};
    std::atomic<unsigned> waiting = 0;
    WorkerThread thread;
  };

  void run(std::unique_ptr<Job> job);
  std::optional<Error> read(Reader& reader, Job& job) const;

  const SqliteSettings settings_;
  const Answers answers_;
  std::vector<std::unique_ptr<Reader>> readers_;
};

}  // namespace parley::sqlite
