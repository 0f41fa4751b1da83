#pragma once

// Sets of sequence numbers as the stores keep them: a cursor's sparse set as bytes, and ranges with their arithmetic.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "storage/mqtt_store.h"

namespace parley {

// Ascending numbers as LEB128 of the distances; a distance is at least 1. Empty for none.
std::string encode_seqs(const std::vector<Seq>& seqs);
// What cannot be read is left out: an acknowledgement too few is a message twice, one too many is a message lost.
std::vector<Seq> decode_seqs(std::string_view bytes);

// What of `whole` is in none of `parts` (in any order), ascending.
std::vector<SeqRange> subtract(SeqRange whole, const std::vector<SeqRange>& parts);
// What `a` and `b` have in common.
std::optional<SeqRange> intersect(SeqRange a, SeqRange b);

}  // namespace parley
