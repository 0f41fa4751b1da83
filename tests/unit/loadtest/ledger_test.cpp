// Each fault that a broker can make, planted, and what is none.

#include "loadtest/ledger.h"

#include <gtest/gtest.h>

namespace parley::loadtest {
namespace {

constexpr std::uint32_t run = 77;

class LedgerTest : public testing::Test {
 protected:
  // Room a with publishers 0 and 1, room b with publisher 2; clients 0 and 1 in a, client 2 in b.
  LedgerTest() : ledger(run, 4) {
    ledger.add_room("a");
    ledger.add_stream();
    ledger.add_stream();
    ledger.add_room("b");
    ledger.add_stream();
    ledger.subscribe(0, 0, 1);
    ledger.subscribe(1, 0, 1);
    ledger.subscribe(2, 1, 1);
  }
  static std::string payload(std::uint32_t stream, std::uint32_t number, std::uint32_t of_run = run) {
    std::string text;
    append_payload(text, {number, stream, of_run, 5}, 100);
    return text;
  }
  Ledger::Outcome arrive(std::uint32_t client, std::uint32_t stream, std::uint32_t number, std::uint64_t seq = 0) {
    return ledger.arrived(client, ledger.room_name(ledger.room_of(stream)), payload(stream, number), seq, false);
  }
  void publish(std::uint32_t stream, int count) {
    for (int i = 0; i < count; ++i) ledger.publish(stream);
  }
  std::uint64_t found(Violation kind) const { return ledger.violations().count(kind); }
  std::uint64_t total() const { return ledger.violations().total(); }

  Ledger ledger;
};

TEST_F(LedgerTest, EverythingInOrderIsFine) {
  publish(0, 2);
  publish(2, 1);
  EXPECT_EQ(ledger.outstanding(), 5U);
  EXPECT_FALSE(arrive(0, 0, 0).completed);
  EXPECT_TRUE(arrive(1, 0, 0).completed);
  EXPECT_FALSE(arrive(1, 0, 1).completed);
  EXPECT_TRUE(arrive(0, 0, 1).completed);
  EXPECT_TRUE(arrive(2, 2, 0).completed);
  EXPECT_EQ(ledger.outstanding(), 0U);
  ledger.settle();
  EXPECT_EQ(total(), 0U);
}

TEST_F(LedgerTest, LossInTheMiddleAndAtTheEnd) {
  publish(0, 4);
  arrive(0, 0, 0);
  arrive(0, 0, 2);
  for (std::uint32_t i = 0; i < 4; ++i) arrive(1, 0, i);
  EXPECT_EQ(ledger.outstanding(), 2U);
  ledger.settle();
  EXPECT_EQ(found(Violation::lost), 2U);
  EXPECT_EQ(total(), 2U);
}

TEST_F(LedgerTest, Duplicate) {
  publish(0, 1);
  EXPECT_TRUE(arrive(0, 0, 0).counted);
  EXPECT_FALSE(arrive(0, 0, 0).counted);
  EXPECT_EQ(found(Violation::duplicate), 1U);
}

TEST_F(LedgerTest, OrderOfOnePublisherCountsThatOfTwoDoesNot) {
  publish(0, 3);
  publish(1, 1);
  arrive(0, 0, 2);
  arrive(0, 1, 0);
  arrive(0, 0, 0);
  arrive(0, 0, 1);
  EXPECT_EQ(found(Violation::order), 2U);
  arrive(1, 1, 0);
  for (std::uint32_t i = 0; i < 3; ++i) arrive(1, 0, i);
  ledger.settle();
  EXPECT_EQ(total(), 2U) << "late is not lost";
}

TEST_F(LedgerTest, WrongRoomAndUnasked) {
  publish(0, 1);
  ledger.arrived(0, "b", payload(0, 0), 0, false);
  EXPECT_EQ(found(Violation::wrong_room), 1U);
  ledger.arrived(2, "a", payload(0, 0), 0, false);
  EXPECT_EQ(found(Violation::wrong_room), 2U);
}

TEST_F(LedgerTest, OtherBytes) {
  publish(0, 1);
  for (const std::size_t at : {0UL, 20UL, 45UL, 60UL, 99UL}) {
    std::string text = payload(0, 0);
    text[at] = text[at] == '0' ? '1' : '0';
    ledger.arrived(0, "a", text, 0, false);
  }
  ledger.arrived(0, "a", payload(0, 0).substr(0, 99), 0, false);
  ledger.arrived(0, "a", payload(0, 0) + "x", 0, false);
  ledger.arrived(0, "a", "", 0, false);
  ledger.arrived(0, "a", payload(0, 0, run + 1), 0, false);
  ledger.arrived(0, "a", payload(0, 1), 0, false);  // never published
  EXPECT_EQ(found(Violation::content), 10U);
  EXPECT_EQ(total(), 10U);
}

TEST_F(LedgerTest, NumbersOfARoomHaveNoHoleAndOneMeaning) {
  publish(0, 3);
  arrive(0, 0, 0, 1);
  arrive(0, 0, 1, 3);
  EXPECT_EQ(found(Violation::sequence), 1U) << "a hole";
  arrive(1, 0, 0, 1);
  arrive(1, 0, 1, 2);
  arrive(1, 0, 2, 3);
  EXPECT_EQ(found(Violation::sequence), 2U) << "3 was another message to the other client";
}

TEST_F(LedgerTest, AcksAreReconciled) {
  publish(0, 2);
  ledger.acked(0, 0, 1);
  ledger.acked(0, 0, 1);
  EXPECT_EQ(found(Violation::ack), 1U) << "twice";
  arrive(0, 0, 0, 1);
  arrive(0, 0, 1, 2);
  ledger.acked(0, 1, 1);
  EXPECT_EQ(found(Violation::ack), 2U) << "with another message's number";
}

TEST_F(LedgerTest, HistoryMustHaveWhatWasAcknowledgedOnce) {
  publish(0, 3);
  for (std::uint32_t i = 0; i < 3; ++i) ledger.acked(0, i, i + 1);
  ledger.history(0, 1, payload(0, 0));
  ledger.history(0, 3, payload(0, 2));
  ledger.history_end(0);
  EXPECT_EQ(found(Violation::history), 1U) << "1 is missing";
  ledger.history(0, 4, payload(0, 2));
  EXPECT_EQ(found(Violation::history), 2U) << "2 is there twice";
  ledger.history(0, 2, "something else");
  ledger.history(1, 1, payload(0, 1));
  EXPECT_EQ(found(Violation::history), 4U);
}

TEST_F(LedgerTest, WhatIsInDoubtMayBeMissingUnlessItWasAcknowledged) {
  publish(0, 3);
  ledger.in_doubt(0, 1, false);
  ledger.acked(0, 2, 0);
  arrive(0, 0, 0);
  arrive(1, 0, 0);
  ledger.settle();
  EXPECT_EQ(found(Violation::lost), 2U) << "number 2, to two clients";
}

TEST_F(LedgerTest, WhatWasSentAgainMayComeTwice) {
  publish(0, 1);
  ledger.in_doubt(0, 0, true);
  arrive(0, 0, 0);
  arrive(0, 0, 0);
  EXPECT_EQ(ledger.repeats_allowed(), 1U);
  EXPECT_EQ(total(), 0U);
}

TEST_F(LedgerTest, ASubscriberThatIsAwayIsOwedNothing) {
  publish(0, 2);
  arrive(0, 0, 0);
  arrive(1, 0, 0);
  arrive(1, 0, 1);
  std::vector<std::uint32_t> completed;
  ledger.client_away(0, completed);
  EXPECT_EQ(completed, std::vector<std::uint32_t>{0}) << "message 1 waits for nobody any more";
  EXPECT_EQ(ledger.outstanding(), 0U);
  publish(0, 1);
  EXPECT_EQ(ledger.outstanding(), 1U);
  EXPECT_TRUE(arrive(1, 0, 2).completed);
  ledger.client_back(0);
  publish(0, 2);
  arrive(0, 0, 3);
  arrive(1, 0, 3);
  arrive(1, 0, 4);
  ledger.settle();
  EXPECT_EQ(found(Violation::lost), 1U) << "number 4 was after it had come back";
}

TEST(Payload, EveryByteCounts) {
  std::string text;
  append_payload(text, {12, 3, 99, 123'456'789}, 300);
  EXPECT_EQ(text.size(), 300U);
  EXPECT_EQ(check_payload(text), (Stamp{12, 3, 99, 123'456'789}));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] ^= 1;
    EXPECT_FALSE(check_payload(other)) << i;
  }
}

TEST(Payload, TheMemoryOfTheCheckerForgivesNothing) {
  PayloadChecker checker;
  std::string text;
  append_payload(text, {1, 2, 3, 4}, 64);
  ASSERT_NE(checker.check(text), nullptr);
  ASSERT_NE(checker.check(text), nullptr);
  text[63] ^= 1;
  EXPECT_EQ(checker.check(text), nullptr);
}

}  // namespace
}  // namespace parley::loadtest
