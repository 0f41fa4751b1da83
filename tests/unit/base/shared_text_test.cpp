#include "broker/base/shared_text.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace parley {
namespace {

TEST(SharedText, HoldsWhatItWasMadeOf) {
  EXPECT_EQ(SharedText("ada").view(), "ada");
  EXPECT_EQ(SharedText("ada").str(), "ada");
  EXPECT_TRUE(SharedText().empty());
  EXPECT_TRUE(SharedText("").empty());
  EXPECT_EQ(SharedText().view(), "");
  const std::string zero("a\0b", 3);
  EXPECT_TRUE(SharedText(zero) == zero);
  const std::string longest(SharedText::bytes_max, 'x');
  EXPECT_EQ(SharedText(longest).view(), longest);
}

TEST(SharedText, CopiesShareAndOutliveTheFirst) {
  auto first = std::make_unique<SharedText>("a client identifier of some length");
  const SharedText second = *first;
  EXPECT_EQ(first->view().data(), second.view().data());
  SharedText third = std::move(*first);
  first.reset();
  EXPECT_EQ(third.view(), second.view());
  third = SharedText("other");
  EXPECT_EQ(second.view(), "a client identifier of some length");
  SharedText& same = third;
  third = same;
  EXPECT_EQ(third.view(), "other");
  third = {};
  EXPECT_TRUE(third.empty());
}

TEST(SharedText, ThreadsMayHoldAndDropIt) {
  const SharedText text("shared");
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([text] {
      for (int n = 0; n < 10'000; ++n) {
        const SharedText copy = text;  // NOLINT(performance-unnecessary-copy-initialization): the copy is what is tried
        ASSERT_EQ(copy.view().size(), 6U);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(text.view(), "shared");
}

}  // namespace
}  // namespace parley
