#include "broker/server/outbox.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <utility>

namespace parley::server {
namespace {

struct Receiver final : Outbox::Owner {
  void write_out(std::span<const Frame> frames) override {
    ++writes;
    for (const Frame& frame : frames) got += frame.bytes();
    if (const auto once = std::exchange(then, nullptr)) once();
  }
  Outbox::Place place;
  std::string got;
  int writes = 0;
  std::function<void()> then;
};

TEST(Outbox, OneWritePerOwnerAndTurnInOrder) {
  Outbox outbox;
  Receiver a;
  Receiver b;
  for (const char* text : {"1", "2", "3"}) {
    outbox.add(a, a.place, Frame::copy_of(text));
    outbox.add(b, b.place, Frame::copy_of(text));
  }
  EXPECT_EQ(outbox.waiting_bytes(a.place), 3U);
  EXPECT_FALSE(outbox.flush());
  EXPECT_EQ(a.got, "123");
  EXPECT_EQ(b.got, "123");
  EXPECT_EQ(a.writes, 1);
  EXPECT_EQ(outbox.waiting_bytes(a.place), 0U);
  EXPECT_FALSE(outbox.flush());
  EXPECT_EQ(a.writes, 1);
}

TEST(Outbox, WhatAWriteLeadsToWaitsForTheNextFlush) {
  Outbox outbox;
  Receiver a;
  Receiver b;
  outbox.add(a, a.place, Frame::copy_of("a1 "));
  outbox.add(b, b.place, Frame::copy_of("b1 "));
  a.then = [&] {
    outbox.add(a, a.place, Frame::copy_of("a2"));
    outbox.add(b, b.place, Frame::copy_of("b2"));
  };
  EXPECT_TRUE(outbox.flush());
  EXPECT_EQ(a.got, "a1 ");
  EXPECT_EQ(b.got, "b1 ");
  EXPECT_FALSE(outbox.flush());
  EXPECT_EQ(a.got, "a1 a2");
  EXPECT_EQ(b.got, "b1 b2");
}

TEST(Outbox, ForgottenFramesAreFreedAndNotWritten) {
  Outbox outbox;
  Receiver a;
  Receiver b;
  const auto shared = std::make_shared<const std::string>("shared");
  outbox.add(a, a.place, Frame::sharing(shared));
  outbox.add(b, b.place, Frame::copy_of("kept"));
  EXPECT_EQ(shared.use_count(), 2);
  outbox.forget(a.place);
  EXPECT_EQ(shared.use_count(), 1);
  outbox.forget(a.place);
  EXPECT_FALSE(outbox.flush());
  EXPECT_EQ(a.writes, 0);
  EXPECT_EQ(b.got, "kept");
  outbox.add(a, a.place, Frame::copy_of("again"));
  outbox.flush();
  EXPECT_EQ(a.got, "again");
}

TEST(Outbox, FramesAreFreedAfterTheFlush) {
  Outbox outbox;
  Receiver a;
  const auto shared = std::make_shared<const std::string>("shared");
  for (int i = 0; i < 100; ++i) outbox.add(a, a.place, Frame::sharing(shared));
  outbox.flush();
  EXPECT_EQ(shared.use_count(), 1);
  EXPECT_EQ(a.got.size(), 600U);
}

}  // namespace
}  // namespace parley::server
