#include "broker/net/loop.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include "broker/net/poll.h"
#include "broker/net/pool.h"
#include "broker/net/signal_watcher.h"
#include "broker/net/timer.h"

namespace parley::net {
namespace {

TEST(Loop, RunsTasksInTheOrderOfPosting) {
  Loop loop;
  std::vector<int> ran;
  loop.post([&] {
    ran.push_back(1);
    loop.post([&] {
      ran.push_back(3);
      loop.stop();
    });
  });
  loop.post([&] { ran.push_back(2); });
  loop.run();
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
}

// What one turn posts to another loop arrives there in one turn, in order, and not before the turn has ended.
TEST(Loop, PostsOfATurnArriveTogether) {
  Loop far;
  Loop near;
  std::vector<int> turns;  // of the far loop, by task
  int turn = 0;
  far.at_turn_end([&] { ++turn; });
  std::thread there([&] { far.run(); });
  constexpr int tasks = 200;
  bool ended = false;
  std::atomic<bool> early = false;
  near.post([&] {
    for (int i = 0; i < tasks; ++i) {
      far.post([&, i] {
        early = early || !ended;
        turns.push_back(i == static_cast<int>(turns.size()) ? turn : -1);
        if (i + 1 == tasks) far.stop();
      });
    }
    std::this_thread::yield();
    ended = true;
    near.stop();
  });
  near.run();
  there.join();
  EXPECT_FALSE(early);
  EXPECT_EQ(turns, std::vector<int>(tasks, turns.front()));
}

TEST(Loop, TakesTasksFromManyThreads) {
  Loop loop;
  constexpr int threads_count = 4;
  constexpr int each = 5000;
  std::array<int, threads_count> last{};
  int ran = 0;
  bool in_order = true;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < threads_count; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 1; i <= each; ++i) {
        loop.post([&, t, i] {
          in_order = in_order && last[t] == i - 1;
          last[t] = i;
          if (++ran == threads_count * each) loop.stop();
        });
      }
    });
  }
  loop.run();
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(in_order);
  EXPECT_EQ(ran, threads_count * each);
}

TEST(Loop, DestroysTasksThatNeverRan) {
  const auto captured = std::make_shared<int>(7);
  {
    Loop loop;
    loop.post([captured] {});
    EXPECT_EQ(captured.use_count(), 2);
  }
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(Loop, EndsEveryTurnOnce) {
  Loop loop;
  std::vector<std::string> seen;
  loop.at_turn_end([&] {
    if (!seen.empty() && seen.back() != "end") seen.emplace_back("end");
  });
  Timer timer(loop);
  loop.post([&] { seen.emplace_back("a"); });
  loop.post([&] {
    seen.emplace_back("b");
    timer.once(1, [&] {
      seen.emplace_back("timer");
      loop.post([&] { loop.stop(); });
    });
  });
  loop.run();
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "end", "timer", "end"}));
}

TEST(Loop, HooksMayRemoveEachOther) {
  Loop loop;
  int first = 0;
  int second = 0;
  Loop::HookId second_id = 0;
  loop.at_turn_end([&] {
    ++first;
    loop.remove_turn_end(second_id);
  });
  second_id = loop.at_turn_end([&] { ++second; });
  loop.post([&] { loop.post([&] { loop.stop(); }); });
  loop.run();
  EXPECT_GE(first, 1);
  EXPECT_EQ(second, 0);
}

struct Flag {
  explicit Flag(bool& destroyed) : destroyed_(destroyed) {}
  ~Flag() { destroyed_ = true; }
  bool& destroyed_;
};

TEST(Loop, DestroysAtTheEndOfTheTurn) {
  Loop loop;
  bool destroyed = false;
  bool destroyed_within = true;
  loop.post([&] {
    loop.dispose(std::make_unique<Flag>(destroyed));
    destroyed_within = destroyed;
  });
  loop.post([&] { loop.post([&] { loop.stop(); }); });
  loop.run();
  EXPECT_FALSE(destroyed_within);
  EXPECT_TRUE(destroyed);
}

TEST(Loop, TimeStandsStillDuringATurnAndThenGoesOn) {
  Loop loop;
  Timer timer(loop);
  MonoMs before = 0;
  loop.post([&] {
    before = loop.mono_ms();
    const UnixMs unix_before = loop.unix_ms();
    const std::int64_t until = Loop::now_us() + 15'000;
    while (Loop::now_us() < until) {
    }
    EXPECT_EQ(loop.mono_ms(), before);
    EXPECT_EQ(loop.unix_ms(), unix_before);
    timer.once(0, [&] { loop.stop(); });
  });
  loop.run();
  EXPECT_GE(loop.mono_ms(), before + 10);
}

TEST(Timer, RepeatsUntilStopped) {
  Loop loop;
  Timer timer(loop);
  Timer end(loop);
  int ticks = 0;
  timer.every(1, [&] {
    if (++ticks == 3) {
      timer.stop();
      end.once(5, [&] { loop.stop(); });
    }
  });
  loop.run();
  EXPECT_EQ(ticks, 3);
}

TEST(Timer, MayBeDestroyedByItsOwnCallback) {
  Loop loop;
  auto timer = std::make_unique<Timer>(loop);
  timer->once(0, [&] {
    timer.reset();
    loop.stop();
  });
  loop.run();
  EXPECT_EQ(timer, nullptr);
}

TEST(Pool, AnswersOnTheLoop) {
  Loop loop;
  std::thread::id worked;
  int answer = 0;
  const Job job = start_job_for(
      loop,
      [&] {
        worked = std::this_thread::get_id();
        return 42;
      },
      [&](int value) {
        answer = value;
        loop.stop();
      });
  loop.run();
  EXPECT_EQ(answer, 42);
  EXPECT_NE(worked, std::this_thread::get_id());
}

TEST(Pool, DroppedTokenForgetsTheAnswerButNotTheMemory) {
  const auto captured = std::make_shared<std::atomic<int>>(0);
  bool answered = false;
  {
    Loop loop;
    {
      const Job job = start_job(
          loop, [captured] { ++*captured; }, [&] { answered = true; });
    }
    // The loop's end waits for the job.
  }
  EXPECT_EQ(captured->load(), 1);
  EXPECT_EQ(captured.use_count(), 1);
  EXPECT_FALSE(answered);
}

TEST(SignalWatcher, BringsSignalsToTheLoop) {
  Loop loop;
  int arrived = 0;
  SignalWatcher watcher(loop, SIGUSR1, [&] {
    ++arrived;
    loop.stop();
  });
  ::kill(::getpid(), SIGUSR1);
  loop.run();
  EXPECT_EQ(arrived, 1);
}

TEST(Poll, TellsReadinessAndMayGoFromItsCallback) {
  Loop loop;
  std::array<int, 2> pair{};
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair.data()), 0);
  bool writable = false;
  bool readable = false;
  std::unique_ptr<Poll> poll;
  poll = std::make_unique<Poll>(loop, pair[0], [&](Poll::Ready ready) {
    EXPECT_EQ(ready.error, 0);
    if (ready.writable && !writable) {
      writable = true;
      poll->want(true, false);
      EXPECT_EQ(::write(pair[1], "x", 1), 1);
    } else if (ready.readable) {
      readable = true;
      poll.reset();
      loop.stop();
    }
  });
  poll->want(true, true);
  loop.run();
  EXPECT_TRUE(writable);
  EXPECT_TRUE(readable);
  ::close(pair[0]);
  ::close(pair[1]);
}

TEST(Poll, SaysThatADescriptorCannotBePolled) {
  Loop loop;
  int error = 0;
  Poll poll(loop, -1, [&](Poll::Ready ready) {
    error = ready.error;
    loop.stop();
  });
  loop.run();
  EXPECT_NE(error, 0);
}

}  // namespace
}  // namespace parley::net
