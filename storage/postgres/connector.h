#pragma once

// Opens connections on a thread of its own: name look-ups, TLS and password files may block there. What comes out is set up, in
// pipeline mode, and never blocks again.
//
// Threads: made, called and destroyed on the loop's; callbacks run there.

#include <deque>
#include <memory>
#include <mutex>
#include <string>

#include "broker/base/worker_thread.h"
#include "broker/net/loop.h"
#include "storage/postgres/session.h"

namespace parley::postgres {

enum class Duty : unsigned char {
  append,  // fenced: opening raises this process's generation, and so settles what older connections sent
  mqtt,    // fenced alike, by a generation of its own
  change,
  read,
};

struct Opened {
  ConnectionPtr connection;
  std::int64_t generation = 0;  // of Duty::append and Duty::mqtt
  std::string epoch;            // of Duty::append
};

// What the generations of that duty are counted under: 16 bytes, of a process that is named by `replica`.
std::string fenced_name(Duty duty, std::string replica);

class Connector {
 public:
  using Done = UniqueFunction<void(Result<Opened>)>;

  // `replica` names this process: 16 bytes.
  Connector(net::Loop& loop, PostgresSettings settings, std::string replica);
  // Interrupts what is under way. Waits for it, but no longer than a name look-up takes.
  ~Connector();

  // One after another. When an attempt fails, those that wait behind it fail with it: one dead server is asked once at a time.
  void open(Duty duty, Done done);
  // The same at once, on the calling thread: at start.
  Result<Opened> open_now(Duty duty);

 private:
  struct Wanted {
    Duty duty;
    Done done;
  };
  void work();

  net::Loop& loop_;
  const PostgresSettings settings_;
  const std::string replica_;
  Interrupt interrupt_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::mutex mutex_;
  std::deque<Wanted> waiting_;
  WorkerThread thread_{"parley-connect"};
};

}  // namespace parley::postgres
