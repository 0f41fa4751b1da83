#include "storage/seq_set.h"

#include <algorithm>

namespace parley {

std::string encode_seqs(const std::vector<Seq>& seqs) {
  std::string out;
  Seq last = 0;
  for (const Seq seq : seqs) {
    Seq distance = seq - last;
    last = seq;
    for (; distance >= 0x80U; distance >>= 7U) out.push_back(static_cast<char>((distance & 0x7fU) | 0x80U));
    out.push_back(static_cast<char>(distance));
  }
  return out;
}

std::vector<Seq> decode_seqs(std::string_view bytes) {
  std::vector<Seq> out;
  Seq last = 0;
  Seq distance = 0;
  unsigned shift = 0;
  for (const char byte : bytes) {
    if (shift > 63) return out;
    distance |= (static_cast<Seq>(static_cast<unsigned char>(byte)) & 0x7fU) << shift;
    shift += 7;
    if ((static_cast<unsigned char>(byte) & 0x80U) != 0) continue;
    last += distance;
    out.push_back(last);
    distance = 0;
    shift = 0;
  }
  return out;
}

std::vector<SeqRange> subtract(SeqRange whole, const std::vector<SeqRange>& parts) {
  std::vector<SeqRange> left = {whole};
  for (const SeqRange& part : parts) {
    std::vector<SeqRange> next;
    for (const SeqRange& each : left) {
      if (part.last < each.first || part.first > each.last) {
        next.push_back(each);
        continue;
      }
      if (each.first < part.first) next.push_back({each.first, part.first - 1});
      if (part.last < each.last) next.push_back({part.last + 1, each.last});
    }
    left = std::move(next);
  }
  return left;
}

std::optional<SeqRange> intersect(SeqRange a, SeqRange b) {
  const SeqRange common = {std::max(a.first, b.first), std::min(a.last, b.last)};
  if (common.first > common.last) return std::nullopt;
  return common;
}

}  // namespace parley
