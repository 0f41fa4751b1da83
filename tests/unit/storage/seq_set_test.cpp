#include "storage/seq_set.h"

#include <gmock/gmock.h>

namespace parley {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(SeqSet, ReadsBackWhatItWrote) {
  const std::vector<std::vector<Seq>> sets = {
      {}, {1}, {127}, {128}, {1, 2, 3}, {5, 200, 20'000, 3'000'000}, {(1ULL << 63U) - 1}, {UINT64_MAX - 1, UINT64_MAX}};
  for (const auto& set : sets) EXPECT_EQ(decode_seqs(encode_seqs(set)), set);
  EXPECT_EQ(encode_seqs({1'000'000, 1'000'001, 1'000'003}).size(), 5U) << "neighbours cost a byte";
}

TEST(SeqSet, LeavesOutWhatItCannotRead) {
  const std::string bytes = encode_seqs({7, 300});
  EXPECT_THAT(decode_seqs(bytes.substr(0, bytes.size() - 1)), ElementsAre(7));
  EXPECT_THAT(decode_seqs(std::string(20, '\xff')), IsEmpty());
}

TEST(SeqSet, SubtractsRanges) {
  EXPECT_THAT(subtract({1, 10}, {}), ElementsAre(SeqRange{1, 10}));
  EXPECT_THAT(subtract({1, 10}, {{8, 8}, {2, 3}, {20, 30}}), ElementsAre(SeqRange{1, 1}, SeqRange{4, 7}, SeqRange{9, 10}));
  EXPECT_THAT(subtract({5, 6}, {{6, 9}, {1, 5}}), IsEmpty());
}

TEST(SeqSet, IntersectsRanges) {
  EXPECT_EQ(intersect({1, 5}, {4, 9}), (SeqRange{4, 5}));
  EXPECT_EQ(intersect({1, 5}, {6, 9}), std::nullopt);
}

}  // namespace
}  // namespace parley
