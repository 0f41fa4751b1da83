// Acked means committed, through power cuts. `power_cut` does the same with as many runs as one likes.

#include "tests/contract/power_cut.h"

#include <gtest/gtest.h>

namespace parley::contract {
namespace {

void expect_whole(Unsynced unsynced) {
  PowerCutPlan plan;
  plan.unsynced = unsynced;
  plan.runs = 12;
  const PowerCutResult result = run_power_cuts(plan);
  EXPECT_EQ(result.runs, 12U);
  EXPECT_GT(result.acked, 100U) << "the load was too small to say anything";
  EXPECT_EQ(result.lost, 0U);
  EXPECT_EQ(result.doubled, 0U);
  EXPECT_EQ(result.holes, 0U);
  EXPECT_EQ(result.unopenable, 0U);
}

TEST(PowerCut, LosesNothingAckedWhenUnsyncedWritesAreLost) { expect_whole(Unsynced::lost); }
TEST(PowerCut, LosesNothingAckedWhenUnsyncedWritesArriveInPart) { expect_whole(Unsynced::prefix); }
TEST(PowerCut, LosesNothingAckedWhenAnySectorsArrive) { expect_whole(Unsynced::sectors); }

TEST(PowerCut, DoublesNothingWhenWhatWasNotAckedIsThere) { expect_whole(Unsynced::kept); }

// The harness can tell: a store that does not wait for the disk is caught.
TEST(PowerCut, SeesTheLossOfAStoreThatDoesNotSync) {
  PowerCutPlan plan;
  plan.synchronous = SqliteSettings::Synchronous::off;
  plan.runs = 3;
  EXPECT_GT(run_power_cuts(plan).lost, 0U);
}

}  // namespace
}  // namespace parley::contract
