#include "broker/base/worker_thread.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <memory>

namespace parley {
namespace {

TEST(WorkerThread, RunsTasksInOrderOnOneOtherThread) {
  std::vector<int> order;  // touched by the worker only, until it has ended
  std::vector<std::thread::id> threads;
  {
    WorkerThread worker("test");
    for (int i = 0; i < 1000; ++i) {
      worker.post([&, i] {
        order.push_back(i);
        threads.push_back(std::this_thread::get_id());
      });
    }
    worker.finish();
  }
  ASSERT_EQ(order.size(), 1000U);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  for (const auto& id : threads) {
    EXPECT_EQ(id, threads.front());
    EXPECT_NE(id, std::this_thread::get_id());
  }
}

TEST(WorkerThread, TasksOfEachPosterKeepTheirOrder) {
  std::vector<std::pair<int, int>> seen;
  {
    WorkerThread worker("test");
    std::vector<std::thread> posters;
    for (int poster = 0; poster < 4; ++poster) {
      posters.emplace_back([&, poster] {
        for (int i = 0; i < 500; ++i) worker.post([&seen, poster, i] { seen.emplace_back(poster, i); });
      });
    }
    for (auto& poster : posters) poster.join();
    worker.finish();
  }
  ASSERT_EQ(seen.size(), 2000U);
  int next[4] = {0, 0, 0, 0};
  for (const auto& [poster, i] : seen) EXPECT_EQ(next[poster]++, i);
}

TEST(WorkerThread, ATaskMayPostAnother) {
  WorkerThread worker("test");
  std::promise<int> answer;
  worker.post([&] { worker.post([&] { answer.set_value(7); }); });
  EXPECT_EQ(answer.get_future().get(), 7);
}

TEST(WorkerThread, WaitingTasksAreDestroyedUnrunWhenItEnds) {
  auto token = std::make_shared<int>(1);
  std::atomic<bool> ran = false;
  std::promise<void> posted;
  {
    WorkerThread worker("test");
    worker.post([&] {
      posted.get_future().wait();
      // Until the destructor has begun: from then on what is posted is destroyed at once.
      for (;;) {
        auto probe = std::make_shared<int>(0);
        worker.post([probe] {});
        if (probe.use_count() == 1) break;
        std::this_thread::yield();
      }
    });
    worker.post([&ran, token] { ran = true; });
    posted.set_value();
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(token.use_count(), 1);
}

TEST(WorkerThread, FinishRunsWhatWaitsAndRefusesWhatComesLater) {
  WorkerThread worker("test");
  int ran = 0;
  for (int i = 0; i < 100; ++i) worker.post([&] { ++ran; });
  worker.finish();
  EXPECT_EQ(ran, 100);
  worker.post([&] { ++ran; });
  worker.finish();
  EXPECT_EQ(ran, 100);
}

}  // namespace
}  // namespace parley
